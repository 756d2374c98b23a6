-- What the levels of a run's factors came to, as it was first recorded; two attempts may have recorded it.
SELECT offer, timing, content, sums
FROM factor_results
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
ORDER BY offer, timing, content, at
LIMIT 1 BY offer, timing, content
