CREATE TABLE guidance_member (
  party TEXT PRIMARY KEY, version BIGINT NOT NULL, since BIGINT NOT NULL, scope TEXT NOT NULL, read_at BIGINT, look TEXT NOT NULL,
  law TEXT NOT NULL);
CREATE INDEX guidance_member_look ON guidance_member (look, party);
CREATE TABLE guidance_standing (
  party TEXT NOT NULL, service TEXT NOT NULL, standing TEXT NOT NULL, stop TEXT NOT NULL, told SMALLINT NOT NULL,
  PRIMARY KEY (party, service));
CREATE INDEX guidance_standing_stop ON guidance_standing (service, stop, party);
CREATE TABLE guidance_declined (party TEXT NOT NULL, service TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (party, service));
CREATE TABLE guidance_notice (party TEXT NOT NULL, id TEXT NOT NULL, at BIGINT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (party, id));
CREATE UNIQUE INDEX guidance_notice_id ON guidance_notice (id);
CREATE TABLE guidance_law (place BIGINT PRIMARY KEY, at BIGINT NOT NULL, hash TEXT NOT NULL, grounds TEXT NOT NULL);
CREATE TABLE guidance_change (
  law BIGINT NOT NULL, service TEXT NOT NULL, stop TEXT NOT NULL, done_at BIGINT, PRIMARY KEY (law, service, stop));
CREATE INDEX guidance_change_open ON guidance_change (law, service, stop) WHERE done_at IS NULL;
