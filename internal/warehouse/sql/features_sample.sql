-- The values from which edges are made: of each customer of a range.
SELECT [/* values */]
FROM
(
    /* extract */
)
