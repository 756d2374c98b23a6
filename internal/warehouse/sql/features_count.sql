-- How many rows and how many different customers of a snapshot a table holds within a range. They differ if a row was written twice.
SELECT count(), toUInt64(groupBitmap(customer_key))
FROM {table:Identifier}
WHERE snapshot = {snapshot:String} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
