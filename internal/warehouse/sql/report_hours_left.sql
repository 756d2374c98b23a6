-- Messages that left, by zone and hour since 1970, to hold against the hours that were planned.
SELECT their_zone, hour_since_1970, count()
FROM
(
    SELECT customer_key, touch, toUInt32(intDiv(toUnixTimestamp(toDateTime(minIf(at, state IN ('sent', 'delivered', 'bounced')), 'UTC')), 3600)) AS hour_since_1970
    FROM delivery_events
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
    GROUP BY customer_key, touch
    HAVING countIf(state IN ('sent', 'delivered', 'bounced')) > 0
) AS gone
LEFT ANY JOIN
(
    SELECT customer_key, zone AS their_zone FROM features WHERE snapshot = {snapshot:String}
) AS living USING (customer_key)
GROUP BY their_zone, hour_since_1970
