-- All that the comparison needs of one range of customers, by arm: the metric in the window, the same before the snapshot,
-- squares and cross-products. Whoever was drawn into an arm counts in it, whether a message reached them or not.
SELECT toString(arm), count(), sum(after), sum(after * after), sum(before), sum(before * before), sum(after * before)
FROM
(
    SELECT customer_key, arm
    FROM audience
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
      AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND arm IN ('treated', 'control')
    LIMIT 1 BY customer_key
) AS drawn
LEFT JOIN
(
    SELECT
        customer_key,
        toFloat64(sumIf(counted, at >= {opens:DateTime('UTC')} AND at < {closes:DateTime('UTC')})) AS after,
        toFloat64(sumIf(counted, at >= {before:DateTime('UTC')} AND at < {instant:DateTime('UTC')})) AS before
    FROM
    (
        SELECT
            customer_key, at,
            if({metric:String} = 'purchases', toInt64(kind = 'purchase' AND line = 1), if(kind = 'purchase', amount, -amount)) AS counted
        FROM transactions
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
          AND at >= {before:DateTime('UTC')} AND at < {closes:DateTime('UTC')}
          AND currency = {currency:String}
    )
    GROUP BY customer_key
) AS bought USING (customer_key)
GROUP BY arm
