ALTER TABLE message_message ADD COLUMN notice TEXT;
