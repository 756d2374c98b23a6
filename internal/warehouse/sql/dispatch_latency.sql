-- How long a channel took, in milliseconds, from the claim of an attempt to the receipt of its delivery: the median over the
-- messages of a month, so that a provider's bad hour, or a phone that was off, does not move it.
SELECT quantileExact(0.5)(took) AS median, count() AS receipts
FROM
(
    SELECT dateDiff('millisecond', minIf(wall_at, state = 'attempting'), minIf(wall_at, state = 'delivered')) AS took
    FROM delivery_events
    WHERE channel = {channel:String} AND attempt > 0 AND state IN ('attempting', 'delivered')
      AND launch >= toDate({instant:DateTime('UTC')}) - 60 AND at < {instant:DateTime('UTC')} AND at >= {instant:DateTime('UTC')} - 30 * 86400
      AND ({part:UInt32} <= 1 OR cityHash64(customer_key) % {part:UInt32} = 0)
    GROUP BY campaign, occurrence, touch, customer_key, attempt
    HAVING countIf(state = 'attempting') > 0 AND countIf(state = 'delivered') > 0
)
