ALTER TABLE case_task ADD COLUMN more BIGINT;
-- What is withdrawn was never decided: no round reads past it.
CREATE INDEX case_open_due ON case_case (due_on, id) WHERE decided_at IS NULL AND state <> 'draft' AND state <> 'withdrawn';
CREATE INDEX case_open_told ON case_case ((coalesce(told_at, submitted_at)), id)
  WHERE decided_at IS NULL AND state <> 'draft' AND state <> 'withdrawn';
DROP INDEX case_case_due;
DROP INDEX case_case_told;
