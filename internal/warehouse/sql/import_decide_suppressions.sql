-- Suppressions that are not there yet, each once.
INSERT INTO import_ready_suppressions (customer_key, channel, reason, at, until, recorded_at)
SELECT DISTINCT k.customer_key, r.channel, r.reason, toDateTime(r.at, 'UTC'), toDateTime(r.until, 'UTC'), toDateTime64({imported:String}, 3, 'UTC')
FROM (SELECT id, channel, reason, at, until FROM import_raw_suppressions WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8}) AS r
INNER JOIN (SELECT id, customer_key FROM import_keys WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8}) AS k ON k.id = r.id
WHERE (k.customer_key, r.channel, r.reason, r.at, r.until) NOT IN
(
    SELECT customer_key, toString(channel), toString(reason), toInt64(toUnixTimestamp(at)), toInt64(toUnixTimestamp(until))
    FROM suppressions
    WHERE customer_key IN (SELECT customer_key FROM import_keys WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8})
)
