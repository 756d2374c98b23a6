-- After a kill, rows of a partition may be in both places: only what is missing is added.
INSERT INTO transactions SELECT * FROM import_ready_transactions
WHERE _partition_id = {partition:String} AND (customer_key, at, id, line) NOT IN (SELECT customer_key, at, id, line FROM transactions WHERE _partition_id = {partition:String})
