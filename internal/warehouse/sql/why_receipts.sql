-- When a customer received which offer, where another system made the offers. The rows are those that settlement_judge.sql reads.
SELECT toString(touch), at
FROM interactions
WHERE campaign = {campaign:String} AND occurrence IN (0, {occurrence:UInt32}) AND kind = 'offer'
  AND customer_key = {customer:UInt32} AND at <= {closes:DateTime('UTC')}
ORDER BY touch, at, id
LIMIT 1 BY at, kind, id
