-- Names of known customers that differ from what is there.
INSERT INTO import_ready_identities (customer_key, external_id, name, updated_at)
SELECT e.customer_key, e.external_id, n.name, toDateTime64({imported:String}, 3, 'UTC')
FROM (SELECT id, argMax(name, priority) AS name FROM import_raw_identities GROUP BY id) AS n
INNER JOIN (SELECT external_id, customer_key, argMax(name, updated_at) AS name FROM identities GROUP BY external_id, customer_key) AS e ON e.external_id = n.id
WHERE n.name != e.name
