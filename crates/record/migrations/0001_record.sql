CREATE TABLE record_row (
  subject TEXT NOT NULL, register TEXT NOT NULL, version BIGINT NOT NULL, as_of BIGINT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (subject, register));
CREATE TABLE record_past (
  subject TEXT NOT NULL, register TEXT NOT NULL, version BIGINT NOT NULL, as_of BIGINT NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (subject, register, version));
CREATE TABLE record_access (
  subject TEXT NOT NULL, id TEXT NOT NULL, at BIGINT NOT NULL, entry TEXT NOT NULL, salt TEXT NOT NULL, commitment TEXT NOT NULL,
  place BIGINT, PRIMARY KEY (subject, id));
CREATE INDEX record_access_open ON record_access (id) WHERE place IS NULL;
CREATE TABLE record_link (place BIGINT PRIMARY KEY, commitment TEXT NOT NULL, chain TEXT NOT NULL, at BIGINT NOT NULL);
