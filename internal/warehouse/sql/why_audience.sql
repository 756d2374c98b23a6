-- The arm of a customer, and why.
SELECT toString(arm), reason, score, propensity
FROM audience
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND customer_key = {customer:UInt32}
LIMIT 1
