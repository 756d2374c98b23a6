-- The assignments of a range that are written already. Rows written twice are identical.
SELECT customer_key, toString(offer) AS offer, toString(content) AS content, threshold, reward, forecast, p_reach, p_reach_without, value, expected_cost, propensity, explore, content_propensity, toString(beside) AS beside
FROM assignments
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
  AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
ORDER BY customer_key
LIMIT 1 BY customer_key
