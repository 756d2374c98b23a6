-- The sums as they were first measured: what a report says does not change because purchases were imported later.
SELECT toString(metric), toString(arm), toString(segment), period, customers, total, squares, pre_total, pre_squares, cross
FROM results
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
ORDER BY metric, arm, segment, period, customers, total
LIMIT 1 BY metric, arm, segment, period
