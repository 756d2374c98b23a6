-- After a kill, rows of a partition may be in both places: only what is missing is added.
INSERT INTO quarantine SELECT * FROM import_ready_quarantine
WHERE _partition_id = {partition:String} AND (import, target, file, line, field) NOT IN (SELECT import, target, file, line, field FROM quarantine WHERE _partition_id = {partition:String})
