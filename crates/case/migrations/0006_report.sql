CREATE TABLE case_report (
  id TEXT PRIMARY KEY, service TEXT NOT NULL, region TEXT NOT NULL, topic TEXT NOT NULL, place TEXT NOT NULL, position TEXT,
  at BIGINT NOT NULL, ended_at BIGINT);
CREATE INDEX case_report_region ON case_report (region, at);
CREATE TABLE case_joined (resident TEXT NOT NULL, id TEXT NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (resident, id));
CREATE INDEX case_joined_id ON case_joined (id);
