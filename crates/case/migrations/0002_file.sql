CREATE TABLE case_file (
  resident TEXT NOT NULL, case_id TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, kind TEXT NOT NULL, size BIGINT NOT NULL,
  blob TEXT NOT NULL, added_by TEXT NOT NULL, added_at BIGINT NOT NULL, removed_at BIGINT,
  PRIMARY KEY (resident, case_id, id));
CREATE INDEX case_file_case ON case_file (case_id);
