-- The key that was given to a user's own id; 0 when there is none.
SELECT max(customer_key) FROM identities WHERE external_id = {id:String}
