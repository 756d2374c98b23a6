-- All that the comparisons need of one range of customers, by arm and segment: sums, squares and cross-products of each
-- metric with the same before the snapshot (of spend with purchases, for their ratio), and spend to the end of each look.
-- Whoever was drawn into an arm counts in it, whether a message reached them or not.
SELECT
    toString(arm), toString(segment), count(),
    [
        sum(spend), sum(spend * spend), sum(spend_before), sum(spend_before * spend_before), sum(spend * spend_before),
        sum(least(spend, cap)), sum(pow(least(spend, cap), 2)), sum(least(spend_before, cap_pre)), sum(pow(least(spend_before, cap_pre), 2)), sum(least(spend, cap) * least(spend_before, cap_pre)),
        sum(toFloat64(purchases > 0)), sum(toFloat64(purchases > 0)), sum(toFloat64(purchases_before > 0)), sum(toFloat64(purchases_before > 0)), sum(toFloat64(purchases > 0 AND purchases_before > 0)),
        sum(purchases), sum(purchases * purchases), sum(purchases_before), sum(purchases_before * purchases_before), sum(purchases * purchases_before),
        sum(spend), sum(spend * spend), sum(purchases), sum(purchases * purchases), sum(spend * purchases)
    ],
    sumForEach(until), sumForEach(arrayMap(x -> x * x, until)), sumForEach(arrayMap(x -> x * spend_before, until))
FROM
(
    SELECT
        drawn.arm AS arm, described.segment AS segment, spend, spend_before, purchases, purchases_before,
        if({cap:Float64} > 0, {cap:Float64}, inf) AS cap, if({cap_pre:Float64} > 0, {cap_pre:Float64}, inf) AS cap_pre,
        arrayCumSum(arrayMap(i -> arraySum(arrayMap((of, net) -> if(of = i, net, 0.), looks, nets)), range({periods:UInt16}))) AS until
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
        SELECT customer_key, segment
        FROM features
        WHERE snapshot = {snapshot:String} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
    ) AS described USING (customer_key)
    LEFT JOIN
    (
        SELECT
            customer_key,
            toFloat64(sumIf(net, inside)) AS spend, toFloat64(sumIf(net, earlier)) AS spend_before,
            toFloat64(countIf(bought AND inside)) AS purchases, toFloat64(countIf(bought AND earlier)) AS purchases_before,
            groupArrayIf(intDiv(toUInt32(at) - toUInt32({opens:DateTime('UTC')}), {period:UInt32}), inside) AS looks, groupArrayIf(toFloat64(net), inside) AS nets
        FROM
        (
            SELECT
                customer_key, at, if(kind = 'purchase', amount, -amount) AS net, kind = 'purchase' AND line = 1 AS bought,
                at >= {opens:DateTime('UTC')} AND at < {closes:DateTime('UTC')} AS inside, at >= {before:DateTime('UTC')} AND at < {instant:DateTime('UTC')} AS earlier
            FROM transactions
            WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
              AND at >= {before:DateTime('UTC')} AND at < {closes:DateTime('UTC')}
              AND currency = {currency:String}
        )
        GROUP BY customer_key
    ) AS bought USING (customer_key)
)
GROUP BY arm, segment
