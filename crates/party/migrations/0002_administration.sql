CREATE TABLE party_agency (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, region TEXT NOT NULL, name_ko TEXT NOT NULL, name_en TEXT NOT NULL, ended_at BIGINT);
ALTER TABLE party_unit ADD COLUMN agency_id TEXT;
ALTER TABLE party_unit ADD COLUMN ended_at BIGINT;
CREATE INDEX party_unit_agency ON party_unit (agency_id);
INSERT INTO party_agency (id, kind, region, name_ko, name_en)
  SELECT min(id), 'local', min(region), agency_ko, min(agency_en) FROM party_unit GROUP BY agency_ko;
UPDATE party_unit SET agency_id = (SELECT min(a.id) FROM party_agency a WHERE a.name_ko = party_unit.agency_ko);
ALTER TABLE party_person ADD COLUMN ended_at BIGINT;
CREATE INDEX party_person_unit ON party_person (unit);
CREATE INDEX party_person_kind ON party_person (kind, name_ko);
ALTER TABLE party_password ADD COLUMN must_change SMALLINT NOT NULL DEFAULT 0;
CREATE INDEX party_password_of ON party_password (person);
CREATE INDEX party_session_of ON party_session (person);
CREATE INDEX party_grant_of ON party_grant (grantee, purpose);
INSERT INTO party_grant (grantor, id, grantee, scope, purpose, basis, from_at)
  SELECT unit, 'clerk-' || id, id, '{"role":["clerk"]}', 'role', 'appointment', 0
  FROM party_person WHERE kind = 'official' AND unit IS NOT NULL;
CREATE TABLE party_log (
  id TEXT PRIMARY KEY, at BIGINT NOT NULL, kind TEXT NOT NULL, actor TEXT NOT NULL, about TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX party_log_about ON party_log (about, id);
