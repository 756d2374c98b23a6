-- After a kill, rows of a partition may be in both places: only what is missing is added.
INSERT INTO suppressions SELECT * FROM import_ready_suppressions
WHERE _partition_id = {partition:String} AND (customer_key, channel, reason, at, until) NOT IN (SELECT customer_key, channel, reason, at, until FROM suppressions WHERE _partition_id = {partition:String})
