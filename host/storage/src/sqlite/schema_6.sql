-- Fewer indexes of the outbox: each of them is written with every text.

-- What `outbox_pushed` finds, too.
DROP INDEX outbox_chat;
-- One for what waits in a conversation, and for all that an erased customer had.
DROP INDEX outbox_conversation;
DROP INDEX outbox_of_customer;
CREATE INDEX outbox_of_customer ON outbox (shop, platform, customer, state, seq);
