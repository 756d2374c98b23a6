-- A range's built-in features, and beside them the user's own, which are joined to them.
SELECT
    /* columns */,
    CAST([/* values */], 'Array(Float32)') AS own
FROM
(
    /* extract */
) AS base
/* joins */
