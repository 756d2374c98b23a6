-- After a kill, rows of a partition may be in both places; in tables that keep the last row of each key that does no harm.
INSERT INTO {target:Identifier} SELECT * FROM {ready:Identifier} WHERE _partition_id = {partition:String}
