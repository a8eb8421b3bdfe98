ALTER TABLE message_message ADD COLUMN reminder TEXT;
CREATE TABLE message_reminder (
  party TEXT NOT NULL, reminder TEXT NOT NULL, due TEXT, told BIGINT, look TEXT NOT NULL, read_at BIGINT, PRIMARY KEY (party, reminder));
CREATE INDEX message_reminder_look ON message_reminder (look, party);
