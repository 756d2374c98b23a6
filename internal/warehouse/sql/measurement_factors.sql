-- Sums of one range of treated customers by the levels of the factors that they were drawn into, each once and by the inverse of
-- the chance of their content. Whoever was drawn counts, whether a message reached them or not; who has no planned message has
-- no level of timing, and who has no content none of content.
SELECT
    their_offer, their_timing, their_content, count(),
    [
        sum(1.), sum(1.), sum(y), sum(x), sum(y), sum(x), sum(y * y), sum(x * x), sum(x * y),
        sum(w), sum(w * w), sum(w * y), sum(w * x), sum(w * w * y), sum(w * w * x), sum(w * w * y * y), sum(w * w * x * x), sum(w * w * x * y)
    ]
FROM
(
    SELECT
        if(given.explore = 1, 'lot', 'chosen') AS their_offer,
        if(timed.planned = 0, '', if(timed.explored = 1, 'lot', 'chosen')) AS their_timing,
        if(timed.planned = 0, '', toString(given.content)) AS their_content,
        if(given.chance > 0, 1 / given.chance, 1.) AS w,
        multiIf({metric:String} = 'spend', bought.spend, {metric:String} = 'spend_winsorised', least(bought.spend, if({cap:Float64} > 0, {cap:Float64}, inf)),
                {metric:String} = 'response', toFloat64(bought.purchases > 0), bought.purchases) AS y,
        multiIf({metric:String} = 'spend', bought.spend_before, {metric:String} = 'spend_winsorised', least(bought.spend_before, if({cap_pre:Float64} > 0, {cap_pre:Float64}, inf)),
                {metric:String} = 'response', toFloat64(bought.purchases_before > 0), bought.purchases_before) AS x
    FROM
    (
        SELECT customer_key
        FROM audience
        WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
          AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND arm = 'treated'
        LIMIT 1 BY customer_key
    ) AS drawn
    INNER JOIN
    (
        SELECT customer_key, any(explore) AS explore, any(content) AS content, any(toFloat64(content_propensity)) AS chance
        FROM assignments
        WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
          AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
        GROUP BY customer_key
    ) AS given USING (customer_key)
    LEFT JOIN
    (
        SELECT customer_key, toUInt8(1) AS planned, max(explored) AS explored
        FROM planned_deliveries
        WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND touch = {touch:String}
          AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
        GROUP BY customer_key
    ) AS timed USING (customer_key)
    LEFT JOIN
    (
        SELECT
            customer_key,
            toFloat64(sumIf(net, inside)) AS spend, toFloat64(sumIf(net, earlier)) AS spend_before,
            toFloat64(countIf(whole AND inside)) AS purchases, toFloat64(countIf(whole AND earlier)) AS purchases_before
        FROM
        (
            SELECT
                customer_key, if(kind = 'purchase', amount, -amount) AS net, kind = 'purchase' AND line = 1 AS whole,
                at >= {opens:DateTime('UTC')} AND at < {closes:DateTime('UTC')} AS inside, at >= {before:DateTime('UTC')} AND at < {instant:DateTime('UTC')} AS earlier
            FROM transactions
            WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
              AND at >= {before:DateTime('UTC')} AND at < {closes:DateTime('UTC')}
              AND currency = {currency:String}
        )
        GROUP BY customer_key
    ) AS bought USING (customer_key)
)
GROUP BY their_offer, their_timing, their_content
