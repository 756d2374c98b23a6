-- The greatest customer key of a snapshot.
SELECT max(customer_key)
FROM features
WHERE snapshot = {snapshot:String}
