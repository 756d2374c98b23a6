-- How the personal thresholds lie, in bins, and how many in each met theirs.
SELECT intDiv(goal, {step:Int64}) * {step:Int64} AS bin, count(), countIf(met)
FROM
(
    SELECT
        any(threshold) AS goal,
        customer_key IN
        (
            SELECT customer_key FROM redemptions WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
        ) AS met
    FROM assignments
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND reward > 0
    GROUP BY campaign, occurrence, plan, customer_key
    SETTINGS optimize_aggregation_in_order = 1
)
GROUP BY bin
ORDER BY bin
