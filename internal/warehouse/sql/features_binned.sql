-- A range's features with their bins: a byte is one more than the number of edges at or below the value, or 0 for NaN.
-- The marked places take the columns, the features with their edges, and the query that computes them.
SELECT
    /* columns */
    char(/* bins */) AS bins
FROM
(
    /* extract */
)
