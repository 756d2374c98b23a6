-- Staging tables whose name starts so and that nobody has changed since an instant: what killed extractions leave behind.
SELECT name
FROM system.tables
WHERE database = currentDatabase() AND startsWith(name, {prefix:String}) AND metadata_modification_time < {before:DateTime('UTC')}
ORDER BY name
