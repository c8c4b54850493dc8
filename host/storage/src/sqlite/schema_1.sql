-- Times are microseconds since 1970-01-01T00:00:00Z; documents are JSON of the domain's own types.

CREATE TABLE shops (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    settings TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
    id BLOB PRIMARY KEY,
    shop TEXT REFERENCES shops (id),
    digest BLOB NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE images (
    shop TEXT NOT NULL REFERENCES shops (id),
    id TEXT NOT NULL,
    media_type TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (shop, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE customers (
    shop TEXT NOT NULL REFERENCES shops (id),
    platform TEXT NOT NULL,
    customer TEXT NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (shop, platform, customer)
) STRICT, WITHOUT ROWID;

CREATE TABLE tasks (
    id BLOB PRIMARY KEY,
    shop TEXT NOT NULL REFERENCES shops (id),
    platform TEXT NOT NULL,
    customer TEXT NOT NULL,
    status TEXT NOT NULL,
    version INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tasks_open ON tasks (shop, platform, customer) WHERE status NOT IN ('completed', 'cancelled');
CREATE INDEX tasks_of_customer ON tasks (shop, customer, id);
CREATE INDEX tasks_in_status ON tasks (shop, status, id);
CREATE INDEX tasks_of_shop ON tasks (shop, id);

CREATE TABLE payments (
    shop TEXT NOT NULL REFERENCES shops (id),
    platform TEXT NOT NULL,
    order_id TEXT NOT NULL,
    customer TEXT NOT NULL,
    outcome TEXT NOT NULL,
    document TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (shop, platform, order_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX payments_parked ON payments (shop, platform, customer, at) WHERE outcome = 'parked';

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    shop TEXT NOT NULL REFERENCES shops (id),
    platform TEXT NOT NULL,
    customer TEXT NOT NULL,
    task BLOB,
    at INTEGER NOT NULL,
    document TEXT NOT NULL
) STRICT;
CREATE INDEX events_of_task ON events (task, seq) WHERE task IS NOT NULL;
CREATE INDEX events_of_customer ON events (shop, platform, customer, seq);

-- Rows are large and come in turn from many customers: appended by rowid, found by the index.
CREATE TABLE messages (
    shop TEXT NOT NULL REFERENCES shops (id),
    platform TEXT NOT NULL,
    customer TEXT NOT NULL,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    document TEXT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (shop, platform, customer, id)
) STRICT;

-- Analyses that wait for the agent, first in, first out.
CREATE TABLE offers (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    shop TEXT NOT NULL REFERENCES shops (id),
    platform TEXT NOT NULL,
    customer TEXT NOT NULL,
    task BLOB NOT NULL
) STRICT;
CREATE INDEX offers_of_customer ON offers (shop, platform, customer, seq);

-- state: 'waiting' (not before `due`), 'claimed' (by `owner` until `due`), 'done', 'dead'.
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id BLOB NOT NULL UNIQUE,
    shop TEXT NOT NULL REFERENCES shops (id),
    platform TEXT NOT NULL,
    customer TEXT NOT NULL,
    kind TEXT NOT NULL,
    task BLOB,
    account TEXT,
    payload TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    owner TEXT,
    due INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    settled_at INTEGER
) STRICT;
CREATE INDEX outbox_chat ON outbox (shop, seq) WHERE state = 'waiting' AND kind IN ('text', 'image');
CREATE INDEX outbox_work ON outbox (kind, due, seq) WHERE state IN ('waiting', 'claimed') AND kind NOT IN ('text', 'image');

CREATE TABLE calls (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    shop TEXT NOT NULL REFERENCES shops (id),
    platform TEXT NOT NULL,
    customer TEXT NOT NULL,
    at INTEGER NOT NULL,
    role TEXT NOT NULL,
    function TEXT NOT NULL,
    digest BLOB NOT NULL,
    settings_revision INTEGER NOT NULL,
    input TEXT NOT NULL,
    output TEXT,
    fault TEXT,
    took_ns INTEGER NOT NULL
) STRICT;

CREATE TABLE incidents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    shop TEXT NOT NULL REFERENCES shops (id),
    at INTEGER NOT NULL,
    role TEXT NOT NULL,
    function TEXT NOT NULL,
    digest BLOB NOT NULL,
    fault TEXT NOT NULL,
    backtrace TEXT,
    input TEXT NOT NULL
) STRICT;
CREATE INDEX incidents_of_shop ON incidents (shop, seq);

CREATE TABLE answers (
    key BLOB PRIMARY KEY,
    request BLOB NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_by_age ON answers (at);
