-- Plugins of a shop's own: what was uploaded, what answers, who changed it when; and more of each call.

CREATE TABLE plugins (
    shop TEXT NOT NULL REFERENCES shops (id),
    digest BLOB NOT NULL,
    report TEXT NOT NULL,
    uploaded_by TEXT NOT NULL,
    uploaded_at INTEGER NOT NULL,
    PRIMARY KEY (shop, digest)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollouts (
    shop TEXT NOT NULL REFERENCES shops (id),
    role TEXT NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (shop, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE turns (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    shop TEXT NOT NULL REFERENCES shops (id),
    role TEXT NOT NULL,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    reason TEXT,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX turns_of_role ON turns (shop, role, seq);

-- mode: 'live', 'canary', 'built-in' (answered for another), 'shadow' (asked beside, never used).
ALTER TABLE calls ADD COLUMN mode TEXT NOT NULL DEFAULT 'live';
ALTER TABLE calls ADD COLUMN memory_bytes INTEGER NOT NULL DEFAULT 0;
-- JSON; none where nothing was logged.
ALTER TABLE calls ADD COLUMN log TEXT;
-- Of a shadow: whether it answered what was used. None where it could not be compared.
ALTER TABLE calls ADD COLUMN agrees INTEGER;
CREATE INDEX calls_of_role ON calls (shop, role, seq);
CREATE INDEX calls_of_shadow ON calls (shop, role, settings_revision) WHERE mode = 'shadow';

-- Whose call it was, so that it goes when they are erased; empty where it was nobody's.
ALTER TABLE incidents ADD COLUMN platform TEXT NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN customer TEXT NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN settings_revision INTEGER NOT NULL DEFAULT 0;
