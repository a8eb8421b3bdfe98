CREATE TABLE work_delegation (
  id TEXT PRIMARY KEY, agency TEXT NOT NULL, matter TEXT NOT NULL, decides TEXT NOT NULL, whose TEXT NOT NULL, given_by TEXT NOT NULL,
  from_at BIGINT NOT NULL, ended_at BIGINT);
CREATE UNIQUE INDEX work_delegation_now ON work_delegation (agency, matter) WHERE ended_at IS NULL;
