-- Keys are dense and follow the order of the ids, so that the order of files does not matter; a key once given stays, and
-- customers is asked too because an erased customer leaves no identity behind.
INSERT INTO import_ready_identities (customer_key, external_id, name, updated_at)
WITH greatest((SELECT max(customer_key) FROM identities), (SELECT max(customer_key) FROM customers)) AS last
SELECT toUInt32(last + row_number() OVER (ORDER BY length(fresh.id), fresh.id)), fresh.id, named.name, toDateTime64({imported:String}, 3, 'UTC')
FROM (SELECT DISTINCT id FROM import_raw_customers WHERE id NOT IN (SELECT external_id FROM identities)) AS fresh
LEFT ANY JOIN (SELECT id, argMax(name, priority) AS name FROM import_raw_identities GROUP BY id) AS named USING (id)
