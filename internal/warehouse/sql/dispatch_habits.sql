-- One in so many customers of a snapshot, by hash, with what they did and got in two years: what send times are learned
-- from. The events are written as in dispatch_candidates.sql.
SELECT toString(people.segment) AS segment, toString(people.zone) AS zone, habits.events AS events
FROM
(
    SELECT customer_key, segment, zone
    FROM features
    WHERE snapshot = {snapshot:String} AND ({part:UInt32} <= 1 OR cityHash64(customer_key) % {part:UInt32} = 0)
) AS people
LEFT JOIN
(
    SELECT customer_key, arrayStringConcat(groupArray(reinterpretAsString(bitOr(bitShiftLeft(toUInt64(t), 32), bitOr(bitShiftLeft(bitAnd(message, 1073741823), 2), kind))))) AS events
    FROM
    (
        SELECT customer_key, toUInt32(toDateTime(at, 'UTC')) AS t, cityHash64(campaign, occurrence, touch) AS message, toUInt64(0) AS kind
        FROM delivery_events
        WHERE state IN ('sent', 'delivered') AND ({part:UInt32} <= 1 OR cityHash64(customer_key) % {part:UInt32} = 0)
          AND at < {instant:DateTime('UTC')} AND at >= {instant:DateTime('UTC')} - 730 * 86400
        UNION ALL
        SELECT customer_key, toUInt32(at), if(campaign = '', 0, cityHash64(campaign, occurrence, touch)), toUInt64(transform(toString(kind), ['delivered', 'app'], [0, 2], 1))
        FROM interactions
        WHERE kind IN ('delivered', 'open', 'click', 'app') AND ({part:UInt32} <= 1 OR cityHash64(customer_key) % {part:UInt32} = 0)
          AND at < {instant:DateTime('UTC')} AND at >= {instant:DateTime('UTC')} - 730 * 86400
        UNION ALL
        SELECT customer_key, toUInt32(at), toUInt64(0), toUInt64(3)
        FROM transactions
        WHERE kind = 'purchase' AND line = 1 AND ({part:UInt32} <= 1 OR cityHash64(customer_key) % {part:UInt32} = 0)
          AND at < {instant:DateTime('UTC')} AND at >= {instant:DateTime('UTC')} - 365 * 86400
    )
    GROUP BY customer_key
) AS habits USING (customer_key)
ORDER BY customer_key
