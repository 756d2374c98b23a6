-- The address of each customer and channel, where it is new or differs.
INSERT INTO import_ready_contacts (customer_key, channel, address, updated_at)
SELECT k.customer_key, r.channel, r.address, toDateTime64({imported:String}, 3, 'UTC')
FROM
(
    SELECT id, channel, argMax(address, priority) AS address
    FROM import_raw_contacts
    WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8}
    GROUP BY id, channel
) AS r
INNER JOIN (SELECT id, customer_key FROM import_keys WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8}) AS k ON k.id = r.id
LEFT JOIN
(
    SELECT customer_key, toString(channel) AS channel, argMax(address, updated_at) AS address
    FROM contacts
    WHERE customer_key IN (SELECT customer_key FROM import_keys WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8})
    GROUP BY customer_key, channel
) AS e ON e.customer_key = k.customer_key AND e.channel = r.channel
WHERE r.address != e.address
