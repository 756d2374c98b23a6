-- The codes that the payouts of a run have. Of two rows for one payout or number, which cannot be, the lower one counts.
SELECT payout, customer_key, amount, currency, number, code
FROM
(
    SELECT pool, number, payout, customer_key, amount, currency
    FROM coupon_grants
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
    ORDER BY number, payout
    LIMIT 1 BY pool, number
) AS given
INNER JOIN (SELECT pool, number, min(code) AS code FROM coupon_codes GROUP BY pool, number) AS codes USING (pool, number)
ORDER BY number
LIMIT 1 BY payout
