-- Who of a range of customers is to be given a time: those with something to be told whom the touch has not reached yet,
-- in the order of their keys, which is the order in which places are given out; with part above 1 one in so many of them,
-- by hash. events are what they did and got in two years, eight bytes each: the second, 30 bits of the message's hash (0: of
-- none), and the kind (0 sent, 1 answer, 2 app, 3 purchase). The second makes the last byte other than zero, so that none
-- is cut off.
WITH asked AS
(
    SELECT customer_key
    FROM assignments
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
      AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND offer != 'none'
      AND ({part:UInt32} <= 1 OR cityHash64(customer_key) % {part:UInt32} = 0)
)
SELECT
    assigned.customer_key AS customer_key,
    toString(people.segment) AS segment,
    toString(people.zone) AS zone,
    addresses.address != '' AS has_address,
    nights.granted = 1 AS night,
    habits.events AS events
FROM
(
    SELECT customer_key FROM asked LIMIT 1 BY customer_key
) AS assigned
LEFT JOIN
(
    SELECT customer_key, segment, zone
    FROM features
    WHERE snapshot = {snapshot:String} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
      AND ({part:UInt32} <= 1 OR cityHash64(customer_key) % {part:UInt32} = 0)
) AS people USING (customer_key)
LEFT JOIN
(
    SELECT customer_key, max(newest) AS address
    FROM
    (
        SELECT customer_key, argMax(address, updated_at) AS newest
        FROM contacts
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND channel IN {channels:Array(String)}
          AND ({part:UInt32} <= 1 OR cityHash64(customer_key) % {part:UInt32} = 0)
        GROUP BY customer_key, channel
    )
    GROUP BY customer_key
) AS addresses USING (customer_key)
LEFT JOIN
(
    SELECT customer_key, argMax(granted, (at, recorded_at)) AS granted
    FROM consents
    WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
      AND channel = {channel:String} AND purpose = {purpose:String} AND night = 1 AND at <= {opens:DateTime('UTC')}
    GROUP BY customer_key
) AS nights USING (customer_key)
LEFT JOIN
(
    SELECT customer_key, arrayStringConcat(groupArray(reinterpretAsString(bitOr(bitShiftLeft(toUInt64(t), 32), bitOr(bitShiftLeft(bitAnd(message, 1073741823), 2), kind))))) AS events
    FROM
    (
        SELECT customer_key, toUInt32(toDateTime(at, 'UTC')) AS t, cityHash64(campaign, occurrence, touch) AS message, toUInt64(0) AS kind
        FROM delivery_events
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND state IN ('sent', 'delivered')
          AND at < {instant:DateTime('UTC')} AND at >= {instant:DateTime('UTC')} - 730 * 86400
          AND ({part:UInt32} <= 1 OR cityHash64(customer_key) % {part:UInt32} = 0)
        UNION ALL
        SELECT customer_key, toUInt32(at), if(campaign = '', 0, cityHash64(campaign, occurrence, touch)), toUInt64(transform(toString(kind), ['delivered', 'app'], [0, 2], 1))
        FROM interactions
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND kind IN ('delivered', 'open', 'click', 'app')
          AND at < {instant:DateTime('UTC')} AND at >= {instant:DateTime('UTC')} - 730 * 86400
          AND ({part:UInt32} <= 1 OR cityHash64(customer_key) % {part:UInt32} = 0)
        UNION ALL
        SELECT customer_key, toUInt32(at), toUInt64(0), toUInt64(3)
        FROM transactions
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND kind = 'purchase' AND line = 1
          AND at < {instant:DateTime('UTC')} AND at >= {instant:DateTime('UTC')} - 365 * 86400
          AND ({part:UInt32} <= 1 OR cityHash64(customer_key) % {part:UInt32} = 0)
    )
    GROUP BY customer_key
) AS habits USING (customer_key)
WHERE assigned.customer_key NOT IN
(
    SELECT customer_key
    FROM delivery_events
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND touch = {touch:String}
      AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
      AND {rebase:UInt16} > 0 AND state IN ('unknown', 'suppressed', 'sent', 'delivered', 'bounced')
)
ORDER BY customer_key
