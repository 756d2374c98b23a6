-- The edges of a binning, in the order in which a row's bins are. Rows of one feature are identical.
SELECT feature, edges
FROM feature_binnings
WHERE binning = {binning:String}
ORDER BY position
LIMIT 1 BY position
