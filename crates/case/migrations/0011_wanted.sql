-- The unit that the applicant chose, where one may choose.
ALTER TABLE case_case ADD COLUMN wanted TEXT;
