-- The bins of a range of customers as one text: of each, four bytes of the key, the lowest first, and the bins.
SELECT groupConcat(concat(char(bitAnd(customer_key, 255), bitAnd(bitShiftRight(customer_key, 8), 255), bitAnd(bitShiftRight(customer_key, 16), 255), bitShiftRight(customer_key, 24)), bins))
FROM features
WHERE snapshot = {snapshot:String} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
