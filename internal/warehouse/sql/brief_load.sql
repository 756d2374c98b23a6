-- What a plan is to do: rows of one plan are identical, so the first is as good as any.
SELECT spec, hash
FROM campaigns
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
LIMIT 1
