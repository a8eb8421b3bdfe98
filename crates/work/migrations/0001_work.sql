CREATE TABLE work_document (
  id TEXT PRIMARY KEY, unit TEXT NOT NULL, drafter TEXT NOT NULL, drafter_name TEXT NOT NULL, case_id TEXT, state TEXT NOT NULL,
  round BIGINT NOT NULL, version BIGINT NOT NULL, drafted_at BIGINT NOT NULL, year BIGINT, serial BIGINT, number TEXT,
  completed_at BIGINT, seal TEXT, sent_to TEXT, received_by TEXT, received_name TEXT, received_at BIGINT);
CREATE UNIQUE INDEX work_document_number ON work_document (unit, year, serial);
CREATE INDEX work_document_done ON work_document (unit, completed_at);
CREATE INDEX work_document_sent ON work_document (sent_to, completed_at);
CREATE INDEX work_document_drafter ON work_document (drafter, id);
CREATE INDEX work_document_case ON work_document (case_id, id);
CREATE TABLE work_round (
  document TEXT NOT NULL, round BIGINT NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, recipient TEXT, submitted_at BIGINT,
  ended_at BIGINT, outcome TEXT, PRIMARY KEY (document, round));
CREATE TABLE work_step (
  document TEXT NOT NULL, round BIGINT NOT NULL, place BIGINT NOT NULL, position BIGINT NOT NULL, kind TEXT NOT NULL, person TEXT NOT NULL,
  name TEXT NOT NULL, decides_for TEXT, decides_name TEXT, mark TEXT NOT NULL, signed_by TEXT, signed_name TEXT, mandate TEXT, at BIGINT,
  comment TEXT NOT NULL, reported_at BIGINT, PRIMARY KEY (document, round, place));
CREATE INDEX work_step_person ON work_step (person, mark);
CREATE INDEX work_step_signed ON work_step (signed_by, at);
CREATE TABLE work_register (unit TEXT NOT NULL, year BIGINT NOT NULL, last BIGINT NOT NULL, PRIMARY KEY (unit, year));
