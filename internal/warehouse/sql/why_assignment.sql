-- The offer of a customer, with what was believed when it was made.
SELECT offer, content, threshold, reward, forecast, p_reach, p_reach_without, value, expected_cost, propensity, explore, toString(beside) AS beside
FROM assignments
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND customer_key = {customer:UInt32}
LIMIT 1
