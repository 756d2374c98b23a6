-- After a kill, rows of a partition may be in both places: only what is missing is added.
INSERT INTO interactions SELECT * FROM import_ready_interactions
WHERE _partition_id = {partition:String} AND (customer_key, at, kind, id) NOT IN (SELECT customer_key, at, kind, id FROM interactions WHERE _partition_id = {partition:String})
