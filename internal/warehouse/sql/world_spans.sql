-- Up to when each range has lived: a range is recorded again each time, and the latest instant counts.
SELECT seed, customers, months, parameters, low, high, min(lived_from) AS since, max(lived_to) AS until
FROM world
WHERE (low <= {high:UInt32} AND high >= {low:UInt32}) OR high = 0
GROUP BY seed, customers, months, parameters, low, high
ORDER BY high = 0 DESC, low, high
