-- Until when what was granted holds, what was told of that, and the day of the next look.
CREATE TABLE case_ending (id TEXT PRIMARY KEY, party TEXT NOT NULL, service TEXT NOT NULL, until TEXT NOT NULL, told BIGINT, look TEXT NOT NULL);
CREATE INDEX case_ending_look ON case_ending (look, id);
CREATE INDEX case_ending_party ON case_ending (party, service);
