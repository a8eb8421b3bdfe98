CREATE TABLE message_message (
  party TEXT NOT NULL, id TEXT NOT NULL, case_id TEXT, kind TEXT NOT NULL, subject_ko TEXT NOT NULL, subject_en TEXT NOT NULL,
  body_ko TEXT NOT NULL, body_en TEXT NOT NULL, from_ko TEXT NOT NULL, from_en TEXT NOT NULL, at BIGINT NOT NULL, read_at BIGINT,
  PRIMARY KEY (party, id));
CREATE INDEX message_unread ON message_message (party) WHERE read_at IS NULL;
CREATE TABLE message_attempt (
  party TEXT NOT NULL, message TEXT NOT NULL, channel TEXT NOT NULL, at BIGINT NOT NULL, outcome TEXT NOT NULL,
  PRIMARY KEY (party, message, channel, at));
