-- The redemptions of a range. What is due follows from the key alone; of two rows of one key (two attempts that saw
-- different purchases) the earliest purchase stands, whoever reads and whenever.
SELECT customer_key, offer, round, qualified_at, purchase, spend, due, currency
FROM redemptions
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
  AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
ORDER BY customer_key, offer, round, qualified_at, purchase, spend
LIMIT 1 BY customer_key, offer, round
