-- Some customers of a snapshot with what they did and got in two years, by key: for the planned hours of a preview. The
-- events are written as in dispatch_candidates.sql. Whom targeting chose has an address; consents to the night are left out.
SELECT people.customer_key AS customer_key, toString(people.segment) AS segment, toString(people.zone) AS zone, true AS has_address, false AS night, habits.events AS events
FROM
(
    SELECT customer_key, segment, zone FROM features WHERE snapshot = {snapshot:String} AND customer_key IN {keys:Array(UInt32)}
) AS people
LEFT JOIN
(
    SELECT customer_key, arrayStringConcat(groupArray(reinterpretAsString(bitOr(bitShiftLeft(toUInt64(t), 32), bitOr(bitShiftLeft(bitAnd(message, 1073741823), 2), what))))) AS events
    FROM
    (
        SELECT customer_key, toUInt32(at) AS t, if(campaign = '', 0, cityHash64(campaign, occurrence, touch)) AS message, toUInt64(transform(toString(kind), ['delivered', 'app'], [0, 2], 1)) AS what
        FROM interactions
        WHERE kind IN ('delivered', 'open', 'click', 'app') AND customer_key IN {keys:Array(UInt32)}
          AND at < {instant:DateTime('UTC')} AND at >= {instant:DateTime('UTC')} - 730 * 86400
        UNION ALL
        SELECT customer_key, toUInt32(at), toUInt64(0), toUInt64(3)
        FROM transactions
        WHERE kind = 'purchase' AND line = 1 AND customer_key IN {keys:Array(UInt32)}
          AND at < {instant:DateTime('UTC')} AND at >= {instant:DateTime('UTC')} - 365 * 86400
    )
    GROUP BY customer_key
) AS habits USING (customer_key)
ORDER BY customer_key
