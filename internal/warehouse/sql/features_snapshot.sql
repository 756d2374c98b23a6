-- Is this snapshot published? Rows of one snapshot are identical.
SELECT customers, checksum
FROM snapshots
WHERE snapshot = {snapshot:String}
LIMIT 1
