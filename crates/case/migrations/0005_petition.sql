ALTER TABLE case_case ADD COLUMN basis TEXT;
CREATE TABLE case_word (office TEXT NOT NULL, word TEXT NOT NULL, times BIGINT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (office, word));
CREATE INDEX case_word_at ON case_word (at);
