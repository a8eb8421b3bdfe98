ALTER TABLE case_case ADD COLUMN clock TEXT;
CREATE TABLE case_task (
  resident TEXT NOT NULL, case_id TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, version BIGINT NOT NULL,
  unit TEXT, asked TEXT NOT NULL, asked_by TEXT NOT NULL, asked_at BIGINT NOT NULL, days BIGINT NOT NULL, due_on TEXT,
  prolonged BIGINT NOT NULL, reply TEXT, replied_by TEXT, ended_at BIGINT,
  PRIMARY KEY (resident, case_id, id));
CREATE UNIQUE INDEX case_task_id ON case_task (id);
CREATE INDEX case_task_unit ON case_task (unit, ended_at, due_on);
CREATE TABLE case_note (
  resident TEXT NOT NULL, case_id TEXT NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL,
  PRIMARY KEY (resident, case_id, id));
