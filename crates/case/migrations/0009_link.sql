CREATE TABLE case_link (
  resident TEXT NOT NULL, case_id TEXT NOT NULL, kind TEXT NOT NULL, other TEXT NOT NULL, at BIGINT NOT NULL, ended_at BIGINT,
  PRIMARY KEY (resident, case_id, kind, other));
CREATE INDEX case_link_other ON case_link (other, kind);
