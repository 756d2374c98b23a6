-- At which hours the customers of each segment responded and bought, with how often one customer's responses share an
-- hour: what the send time's prior and its strength are estimated from.
SELECT
    toString(segment) AS segment,
    sumForEach(arrayResize(arrayMap(n -> toUInt64(n), response_hours), 24)) AS responses,
    sumForEach(arrayResize(arrayMap(n -> toUInt64(n), purchase_hours), 24)) AS purchases,
    toUInt64(sum(arraySum(arrayMap(n -> toUInt64(n) * toUInt64(n), response_hours))) - sum(arraySum(response_hours))) AS same_pairs,
    toUInt64(sum(toUInt64(arraySum(response_hours)) * toUInt64(arraySum(response_hours))) - sum(arraySum(response_hours))) AS all_pairs
FROM features
WHERE snapshot = {snapshot:String}
GROUP BY segment
ORDER BY segment
