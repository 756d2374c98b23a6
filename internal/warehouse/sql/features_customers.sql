-- How many customers a range holds: what its features must add up to. The table may hold several versions of one.
SELECT toUInt64(groupBitmap(customer_key))
FROM customers
WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
