CREATE TABLE case_case (
  resident TEXT NOT NULL, id TEXT NOT NULL, service TEXT NOT NULL, state TEXT NOT NULL, version BIGINT NOT NULL,
  created_at BIGINT NOT NULL, answers TEXT NOT NULL, unit TEXT, officer TEXT, receipt TEXT, shown_name TEXT, submitted_at BIGINT,
  due_on TEXT, file TEXT, decided_at BIGINT, decision TEXT, note TEXT, rules_version TEXT,
  PRIMARY KEY (resident, id));
CREATE UNIQUE INDEX case_case_id ON case_case (id);
CREATE INDEX case_case_desk ON case_case (unit, state, due_on);
CREATE TABLE case_open (resident TEXT NOT NULL, service TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (resident, service));
CREATE TABLE case_receipt (receipt TEXT PRIMARY KEY, id TEXT NOT NULL);
