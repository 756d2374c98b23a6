-- How many transactions lie in each equally long range of customers: shards are cut by them.
SELECT toUInt32(intDiv(customer_key - 1, {width:UInt32})) AS bucket, count() AS transactions
FROM transactions
WHERE customer_key BETWEEN 1 AND {last:UInt32} AND at < {instant:DateTime('UTC')}
GROUP BY bucket
ORDER BY bucket
