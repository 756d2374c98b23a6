-- The snapshots that are published, the latest instant first. Rows of one snapshot are identical.
SELECT snapshot, instant, catalogue, binning, toString(currency) AS currency, customers, checksum
FROM snapshots
ORDER BY instant DESC, snapshot
LIMIT 1 BY snapshot
