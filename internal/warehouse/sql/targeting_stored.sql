-- The audience rows of a range that are written already: what is written is what counts. Rows written twice are identical.
SELECT customer_key, toString(arm) AS arm, toString(reason) AS reason, score, propensity
FROM audience
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
  AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
ORDER BY customer_key
LIMIT 1 BY customer_key
