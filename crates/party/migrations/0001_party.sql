CREATE TABLE party_person (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, name_ko TEXT NOT NULL, name_en TEXT NOT NULL, mail TEXT, lang TEXT NOT NULL,
  unit TEXT, rank_ko TEXT, rank_en TEXT, created_at BIGINT NOT NULL);
CREATE TABLE party_unit (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, region TEXT NOT NULL, agency_ko TEXT NOT NULL, agency_en TEXT NOT NULL,
  name_ko TEXT NOT NULL, name_en TEXT NOT NULL, contact TEXT NOT NULL);
CREATE INDEX party_unit_place ON party_unit (kind, region);
CREATE TABLE party_password (user_name TEXT PRIMARY KEY, person TEXT NOT NULL, hash TEXT NOT NULL);
CREATE TABLE party_session (
  id TEXT PRIMARY KEY, person TEXT NOT NULL, csrf TEXT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL);
CREATE TABLE party_try (key TEXT PRIMARY KEY, count BIGINT NOT NULL, since BIGINT NOT NULL);
CREATE TABLE party_grant (
  grantor TEXT NOT NULL, id TEXT NOT NULL, grantee TEXT NOT NULL, scope TEXT NOT NULL, purpose TEXT NOT NULL, basis TEXT NOT NULL,
  from_at BIGINT NOT NULL, until_at BIGINT, ended_at BIGINT, PRIMARY KEY (grantor, id));
CREATE INDEX party_grant_use ON party_grant (grantor, grantee, purpose);
