-- The redemptions of a range that did not hold.
SELECT customer_key, offer, round, amount, currency
FROM clawbacks
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
  AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
ORDER BY customer_key, offer, round
LIMIT 1 BY customer_key, offer, round
