CREATE TABLE case_proposal (
  resident TEXT NOT NULL, case_id TEXT NOT NULL, document TEXT NOT NULL, verb TEXT NOT NULL, note TEXT NOT NULL, basis TEXT NOT NULL,
  party TEXT NOT NULL, at BIGINT NOT NULL, ended_at BIGINT, outcome TEXT,
  PRIMARY KEY (resident, case_id, document));
CREATE UNIQUE INDEX case_proposal_document ON case_proposal (document);
