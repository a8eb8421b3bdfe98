ALTER TABLE case_case ADD COLUMN warned_on TEXT;
ALTER TABLE case_case ADD COLUMN late_on TEXT;
ALTER TABLE case_case ADD COLUMN told_at BIGINT;
CREATE INDEX case_case_due ON case_case (due_on, id) WHERE decided_at IS NULL;
CREATE INDEX case_case_told ON case_case ((coalesce(told_at, submitted_at)), id) WHERE decided_at IS NULL;
CREATE TABLE case_sweep (name TEXT PRIMARY KEY, until_at BIGINT NOT NULL);
CREATE INDEX case_task_due ON case_task (due_on, id) WHERE ended_at IS NULL;
