-- Consents that are not there yet, each once: the table is append-only, so a second copy would stay.
INSERT INTO import_ready_consents (customer_key, channel, purpose, night, at, granted, evidence, recorded_at)
SELECT DISTINCT k.customer_key, r.channel, r.purpose, toUInt8(r.night), toDateTime(r.at, 'UTC'), toUInt8(r.granted), r.evidence, toDateTime64({imported:String}, 3, 'UTC')
FROM (SELECT id, channel, purpose, night, at, granted, evidence FROM import_raw_consents WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8}) AS r
INNER JOIN (SELECT id, customer_key FROM import_keys WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8}) AS k ON k.id = r.id
WHERE (k.customer_key, r.channel, r.purpose, r.night, r.at, r.granted, r.evidence) NOT IN
(
    SELECT customer_key, toString(channel), toString(purpose), toInt64(night), toInt64(toUnixTimestamp(at)), toInt64(granted), toString(evidence)
    FROM consents
    WHERE customer_key IN (SELECT customer_key FROM import_keys WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8})
)
