-- Which partitions are still to be published.
SELECT DISTINCT _partition_id FROM {ready:Identifier} ORDER BY _partition_id
