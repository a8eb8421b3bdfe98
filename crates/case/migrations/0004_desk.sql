-- A unit's lists are read in the order of due date and id, as one text: a page begins behind the last line of the one before.
CREATE INDEX case_desk ON case_case (unit, state, (coalesce(due_on, '9999-12-31') || id));
CREATE INDEX case_desk_officer ON case_case (unit, state, coalesce(officer, ''), (coalesce(due_on, '9999-12-31') || id));
CREATE INDEX case_desk_service ON case_case (unit, state, service, (coalesce(due_on, '9999-12-31') || id));
-- Both as one text: no other index looks as good for it.
CREATE INDEX case_desk_both ON case_case
  (unit, state, (service || '/' || coalesce(officer, '')), (coalesce(due_on, '9999-12-31') || id));
-- A receipt number is found by the beginning of each of its groups.
CREATE INDEX case_receipt_first ON case_case (unit, receipt);
CREATE INDEX case_receipt_second ON case_case (unit, substr(receipt, 6));
CREATE INDEX case_receipt_third ON case_case (unit, substr(receipt, 11));
DROP INDEX case_case_desk;
