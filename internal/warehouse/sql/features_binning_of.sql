-- Which binning a published snapshot has.
SELECT binning
FROM snapshots
WHERE snapshot = {snapshot:String}
LIMIT 1
