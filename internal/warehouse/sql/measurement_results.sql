-- The sums as they were first measured: what a report says does not change because purchases were imported later.
SELECT toString(arm), customers, total, squares, pre_total, pre_squares, cross
FROM results
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND metric = {metric:String}
ORDER BY arm, customers, total
LIMIT 1 BY arm
