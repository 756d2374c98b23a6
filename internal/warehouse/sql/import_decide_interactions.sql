-- Interactions that are not there yet, each once by customer, instant, kind and id.
INSERT INTO import_ready_interactions (customer_key, at, kind, channel, campaign, occurrence, touch, id)
SELECT k.customer_key, toDateTime(r.at, 'UTC'), r.kind, r.channel, r.campaign, toUInt32(r.occurrence), r.touch, r.key
FROM (SELECT * FROM import_raw_interactions WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8}) AS r
INNER JOIN (SELECT id, customer_key FROM import_keys WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8}) AS k ON k.id = r.id
WHERE (k.customer_key, r.at, r.kind, r.key) NOT IN
(
    SELECT customer_key, toInt64(toUnixTimestamp(at)), toString(kind), id
    FROM interactions
    WHERE at BETWEEN toDateTime({first:Int64}, 'UTC') AND toDateTime({last:Int64}, 'UTC') AND customer_key IN (SELECT customer_key FROM import_keys WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8})
)
ORDER BY r.file, r.line_in_file
LIMIT 1 BY k.customer_key, r.at, r.kind, r.key
