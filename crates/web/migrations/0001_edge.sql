CREATE TABLE web_limit (name TEXT PRIMARY KEY, per_minute BIGINT NOT NULL, set_at BIGINT NOT NULL);
CREATE TABLE web_use (minute BIGINT NOT NULL, class TEXT NOT NULL, client TEXT NOT NULL, used BIGINT NOT NULL,
  PRIMARY KEY (minute, class, client));
CREATE TABLE web_key (id TEXT PRIMARY KEY, secret TEXT NOT NULL, from_at BIGINT NOT NULL, until_at BIGINT);
CREATE TABLE web_beat (name TEXT PRIMARY KEY, at BIGINT NOT NULL);
