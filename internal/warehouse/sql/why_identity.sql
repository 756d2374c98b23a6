-- Who a key is: nobody, once they were erased.
SELECT external_id, name
FROM identities
WHERE customer_key = {customer:UInt32}
ORDER BY updated_at DESC
LIMIT 1
