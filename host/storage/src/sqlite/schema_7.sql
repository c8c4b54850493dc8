-- What the shop was alerted about, newest first. Few entries are alerts, and the others are not in it.
CREATE INDEX outbox_alerts ON outbox (shop, seq) WHERE kind = 'alert';
