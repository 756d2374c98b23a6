-- Who would have met the terms, had it been known in time.
SELECT customer_key, offer, round, qualified_at, purchase, spend, due, currency
FROM late_redemptions
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
  AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
ORDER BY customer_key, offer, round, qualified_at, purchase, spend
LIMIT 1 BY customer_key, offer, round
