ALTER TABLE work_round ADD COLUMN drafter TEXT;
ALTER TABLE work_round ADD COLUMN drafter_name TEXT;
