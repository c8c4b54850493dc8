-- A page for the shop's people.

-- Who is signed in: the digest of what their browser holds. A key that is taken away takes its sessions with it.
CREATE TABLE sessions (
    digest BLOB PRIMARY KEY,
    key BLOB NOT NULL REFERENCES keys (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_key ON sessions (key);

-- What happens in a shop, as it happens.
CREATE INDEX events_of_shop ON events (shop, seq);
