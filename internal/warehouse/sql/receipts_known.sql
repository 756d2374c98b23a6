-- Which of some interactions are there already: the same feedback again changes nothing.
SELECT DISTINCT id
FROM interactions
WHERE customer_key IN {keys:Array(UInt32)} AND id IN {ids:Array(UInt64)}
