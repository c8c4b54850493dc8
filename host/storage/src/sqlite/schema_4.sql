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

-- How many tasks of a shop stand in each status: counting a million of them takes too long for a page.
CREATE TABLE task_counts (
    shop TEXT NOT NULL REFERENCES shops (id),
    status TEXT NOT NULL,
    tasks INTEGER NOT NULL,
    PRIMARY KEY (shop, status)
) STRICT, WITHOUT ROWID;
INSERT INTO task_counts (shop, status, tasks) SELECT shop, status, count(*) FROM tasks GROUP BY shop, status;
CREATE TRIGGER task_counted AFTER INSERT ON tasks BEGIN
    INSERT INTO task_counts (shop, status, tasks) VALUES (NEW.shop, NEW.status, 1)
        ON CONFLICT DO UPDATE SET tasks = tasks + 1;
END;
CREATE TRIGGER task_uncounted AFTER DELETE ON tasks BEGIN
    UPDATE task_counts SET tasks = tasks - 1 WHERE shop = OLD.shop AND status = OLD.status;
END;
CREATE TRIGGER task_recounted AFTER UPDATE OF status ON tasks WHEN NEW.status <> OLD.status BEGIN
    UPDATE task_counts SET tasks = tasks - 1 WHERE shop = OLD.shop AND status = OLD.status;
    INSERT INTO task_counts (shop, status, tasks) VALUES (NEW.shop, NEW.status, 1)
        ON CONFLICT DO UPDATE SET tasks = tasks + 1;
END;
