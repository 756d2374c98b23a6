-- After a kill, rows of a partition may be in both places: only what is missing is added.
INSERT INTO consents SELECT * FROM import_ready_consents
WHERE _partition_id = {partition:String} AND (customer_key, channel, purpose, night, at, granted, evidence) NOT IN (SELECT customer_key, channel, purpose, night, at, granted, evidence FROM consents WHERE _partition_id = {partition:String})
