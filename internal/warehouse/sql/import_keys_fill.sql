-- All ids that have a key, or get one by this import.
INSERT INTO import_keys (id, customer_key)
SELECT DISTINCT external_id, customer_key
FROM (SELECT external_id, customer_key FROM identities UNION ALL SELECT external_id, customer_key FROM import_ready_identities)
