-- The key of a customer by the id in the user's own data.
SELECT customer_key
FROM identities
WHERE external_id = {who:String}
ORDER BY updated_at DESC
LIMIT 1
