-- Where a customer can be reached, as it is now.
SELECT channel, argMax(address, updated_at)
FROM contacts
WHERE customer_key = {customer:UInt32}
GROUP BY channel
ORDER BY channel
