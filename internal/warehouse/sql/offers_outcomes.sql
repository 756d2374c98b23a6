-- What became of a past campaign's treated and control customers, one in part of them: what each was promised, with which
-- chance, whether a message reached them, and what they spent in the window and after it, net of what was taken back.
SELECT
    drawn.customer_key AS customer_key,
    toUInt8(drawn.arm = 'treated' AND (reward > 0 OR reached.customer_key != 0)) AS treated,
    toString(offer) AS offer, toString(content) AS content, threshold, reward,
    toFloat64(if(drawn.arm = 'treated', promised.propensity, drawn.propensity)) AS chance,
    -- A campaign that wrote no chance of the content drew it evenly, apart from the offer, and wrote the chance of both.
    if(drawn.arm != 'treated', chance, toFloat64(promised.propensity / if(content_propensity > 0, content_propensity, 1 / greatest(1, (
        SELECT uniqExact(content) FROM assignments
        WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND content != ''))))) AS offer_chance,
    toFloat64(spent_window) AS spent_window, toFloat64(spent_after) AS spent_after, toUInt8(met.customer_key != 0) AS met
FROM
(
    SELECT customer_key, arm, propensity
    FROM audience
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
      AND arm IN ('treated', 'control') AND cityHash64(customer_key) % {part:UInt32} = 0
    ORDER BY customer_key
    LIMIT 1 BY customer_key
) AS drawn
LEFT JOIN
(
    SELECT customer_key, offer, content, threshold, reward, propensity, content_propensity
    FROM assignments
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
      AND cityHash64(customer_key) % {part:UInt32} = 0
    LIMIT 1 BY customer_key
) AS promised USING (customer_key)
LEFT JOIN
(
    SELECT DISTINCT customer_key
    FROM delivery_events
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND state IN ('sent', 'delivered')
      AND cityHash64(customer_key) % {part:UInt32} = 0
) AS reached USING (customer_key)
LEFT JOIN
(
    SELECT DISTINCT customer_key
    FROM redemptions
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND cityHash64(customer_key) % {part:UInt32} = 0
) AS met USING (customer_key)
LEFT JOIN
(
    SELECT customer_key, sumIf(net, at < {closes:DateTime('UTC')}) AS spent_window, sumIf(net, at >= {closes:DateTime('UTC')}) AS spent_after
    FROM
    (
        SELECT customer_key, at, if(kind = 'purchase', amount, -amount) AS net
        FROM transactions
        WHERE at >= {opens:DateTime('UTC')} AND at < {until:DateTime('UTC')} AND currency = {currency:String}
          AND cityHash64(customer_key) % {part:UInt32} = 0
          AND customer_key IN
          (
              SELECT customer_key FROM audience
              WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND arm IN ('treated', 'control')
          )
    )
    GROUP BY customer_key
) AS bought USING (customer_key)
ORDER BY customer_key
