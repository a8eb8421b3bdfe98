CREATE TABLE guidance_seen (resident TEXT PRIMARY KEY, at BIGINT NOT NULL, ids TEXT NOT NULL, fresh TEXT NOT NULL, fresh_at BIGINT);
CREATE TABLE guidance_skip (resident TEXT NOT NULL, fact TEXT NOT NULL, until_at BIGINT NOT NULL, PRIMARY KEY (resident, fact));
