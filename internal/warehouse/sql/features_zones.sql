-- The time zones of a range of customers: a few hundred at most.
SELECT DISTINCT toString(zone)
FROM customers
WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
