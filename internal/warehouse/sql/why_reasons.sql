-- What moved a customer's score most, where it was kept.
SELECT toString(model), score, features, effects, low, high
FROM score_reasons
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND customer_key = {customer:UInt32}
LIMIT 1
