-- What became of the customers of a past campaign's arms within its window, one in part of them: net spend in the campaign's
-- currency, net spend of the 90 days before, and whether they opened or clicked. One row a customer, in order.
SELECT drawn.customer_key, drawn.treated, drawn.propensity, bought.spend, bought.before, bought.purchases, responses.responded
FROM
(
    SELECT customer_key, toUInt8(arm = 'treated') AS treated, propensity
    FROM audience
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND toString(arm) IN {arms:Array(String)}
      AND cityHash64(customer_key) % {part:UInt32} = 0
    ORDER BY plan DESC
    LIMIT 1 BY customer_key
) AS drawn
LEFT JOIN
(
    SELECT
        customer_key,
        toFloat64(sumIf(if(kind = 'purchase', amount, -amount), at >= {launched:DateTime('UTC')})) AS spend,
        toFloat64(sumIf(if(kind = 'purchase', amount, -amount), at < {launched:DateTime('UTC')})) AS before,
        toUInt32(countIf(kind = 'purchase' AND line = 1 AND at >= {launched:DateTime('UTC')})) AS purchases
    FROM transactions
    WHERE at >= {launched:DateTime('UTC')} - INTERVAL 90 DAY AND at < {ended:DateTime('UTC')} AND currency = {currency:String}
      AND customer_key IN
      (
          SELECT customer_key FROM audience
          WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND toString(arm) IN {arms:Array(String)}
            AND cityHash64(customer_key) % {part:UInt32} = 0
      )
    GROUP BY customer_key
) AS bought USING (customer_key)
LEFT JOIN
(
    SELECT DISTINCT customer_key, toUInt8(1) AS responded
    FROM interactions
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND kind IN ('open', 'click')
      AND at >= {launched:DateTime('UTC')} AND at < {ended:DateTime('UTC')}
      AND cityHash64(customer_key) % {part:UInt32} = 0
) AS responses USING (customer_key)
ORDER BY drawn.customer_key
