-- How spend lies over one range of customers, arms together, in the window (1) and before it (0), in logarithmic buckets:
-- enough to find where it is winsorised, over all ranges, without moving customers. Bucket -1: spent nothing.
SELECT toUInt8(inside), toInt32(if(spent >= 1, floor(log2(spent) * {buckets:UInt16}), -1)) AS bucket, count()
FROM
(
    SELECT customer_key
    FROM audience
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
      AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND arm IN ('treated', 'control')
    LIMIT 1 BY customer_key
) AS drawn
LEFT JOIN
(
    SELECT
        customer_key,
        toFloat64(sumIf(net, at >= {opens:DateTime('UTC')} AND at < {closes:DateTime('UTC')})) AS after,
        toFloat64(sumIf(net, at >= {before:DateTime('UTC')} AND at < {instant:DateTime('UTC')})) AS before
    FROM
    (
        SELECT customer_key, at, if(kind = 'purchase', amount, -amount) AS net
        FROM transactions
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
          AND at >= {before:DateTime('UTC')} AND at < {closes:DateTime('UTC')}
          AND currency = {currency:String}
    )
    GROUP BY customer_key
) AS bought USING (customer_key)
ARRAY JOIN [0, 1] AS inside, [before, after] AS spent
GROUP BY inside, bucket
