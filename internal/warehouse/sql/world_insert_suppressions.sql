-- The few who must not be contacted.
INSERT INTO suppressions (customer_key, channel, reason, at, until, recorded_at)
