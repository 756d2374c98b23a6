-- How many customers of a snapshot a rule holds for, by the columns that it names alone.
SELECT countIf(1 /* rule */)
FROM features
WHERE snapshot = {snapshot:String} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
