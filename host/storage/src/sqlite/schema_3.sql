-- Nothing lost, nothing doubled: dead letters, conversations that a person holds, timers.

-- Why an entry was not sent at the last try, or why it never will be.
ALTER TABLE outbox ADD COLUMN problem TEXT;
-- Calls of a service that costs money, counted before each call, over all tries of the entry.
ALTER TABLE outbox ADD COLUMN calls INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_dead ON outbox (shop, seq) WHERE state = 'dead';
-- What waits in a conversation: the first of it is sent first.
CREATE INDEX outbox_conversation ON outbox (shop, platform, customer, seq)
    WHERE state IN ('waiting', 'claimed') AND kind IN ('text', 'image', 'agent');
-- What is pushed: texts and pictures to a shop's webhook, notices to its agent.
CREATE INDEX outbox_pushed ON outbox (shop, seq) WHERE state IN ('waiting', 'claimed') AND kind IN ('text', 'image');
CREATE INDEX outbox_notices ON outbox (seq) WHERE state IN ('waiting', 'claimed') AND kind = 'agent';

-- The last entry that was queued before a person took the conversation over; up to it nothing is sent while they have it.
-- An entry and not a time: clocks are set back.
ALTER TABLE customers ADD COLUMN held_after INTEGER;
UPDATE customers SET held_after = (SELECT coalesce(max(seq), 0) FROM outbox
        WHERE created_at < unixepoch(json_extract(document, '$.hold.since'), 'subsec') * 1000000)
    WHERE json_extract(document, '$.hold') IS NOT NULL;

-- What is to be looked at again at a time. Each row follows from the state of its case, and is stored with it.
CREATE TABLE timers (
    shop TEXT NOT NULL REFERENCES shops (id),
    platform TEXT NOT NULL,
    customer TEXT NOT NULL,
    -- JSON of the domain's timer.
    timer TEXT NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (shop, platform, customer, timer)
) STRICT, WITHOUT ROWID;
CREATE INDEX timers_due ON timers (due);
-- What is open already has its timers set by a review at once.
INSERT INTO timers (shop, platform, customer, timer, due)
    SELECT shop, platform, customer, '{"timer":"review"}', 0 FROM tasks WHERE status NOT IN ('completed', 'cancelled')
    UNION SELECT shop, platform, customer, '{"timer":"review"}', 0 FROM payments WHERE outcome = 'parked';
