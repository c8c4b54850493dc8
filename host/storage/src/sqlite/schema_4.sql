-- A customer can be erased: what is theirs is found without looking through everybody's.

-- Who uses which picture, so that one goes when nobody does.
CREATE TABLE picture_uses (
    shop TEXT NOT NULL,
    image TEXT NOT NULL,
    platform TEXT NOT NULL,
    customer TEXT NOT NULL,
    PRIMARY KEY (shop, image, platform, customer),
    FOREIGN KEY (shop, image) REFERENCES images (shop, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX picture_uses_of_customer ON picture_uses (shop, platform, customer);
INSERT OR IGNORE INTO picture_uses
    SELECT e.shop, i.id, e.platform, e.customer
    FROM events e, json_tree(e.document) j JOIN images i ON i.shop = e.shop AND i.id = j.atom
    WHERE j.type = 'text';
INSERT OR IGNORE INTO picture_uses
    SELECT m.shop, i.id, m.platform, m.customer
    FROM messages m, json_each(m.document, '$.images') j JOIN images i ON i.shop = m.shop AND i.id = j.atom;

-- Files that are to be removed, kept until they are; kind: 'picture', 'mail', 'traces'. A worker may still be writing
-- one, so it is looked for until `until`.
CREATE TABLE doomed_files (
    shop TEXT NOT NULL REFERENCES shops (id),
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (shop, kind, name)
) STRICT, WITHOUT ROWID;

-- Whose request was answered; empty where it was nobody's.
ALTER TABLE answers ADD COLUMN platform TEXT NOT NULL DEFAULT '';
ALTER TABLE answers ADD COLUMN customer TEXT NOT NULL DEFAULT '';
ALTER TABLE answers ADD COLUMN shop TEXT NOT NULL DEFAULT '';
CREATE INDEX answers_of_customer ON answers (shop, platform, customer) WHERE customer <> '';

-- A payment's customer is empty where they were erased.
CREATE INDEX payments_of_customer ON payments (shop, platform, customer);
CREATE INDEX outbox_of_customer ON outbox (shop, platform, customer);
CREATE INDEX calls_of_customer ON calls (shop, platform, customer);
CREATE INDEX incidents_of_customer ON incidents (shop, platform, customer);
