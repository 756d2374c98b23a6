-- The staging tables that are there; the lock is no part of them.
SELECT name FROM system.tables WHERE database = {database:String} AND name LIKE 'import\_%' AND name != 'import_lock' ORDER BY name
