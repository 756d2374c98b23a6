-- How many customers of a range both this run and each other one drew, and how many of its treated and of its control the
-- other treated. By ranges, since a row that an activity wrote twice counts once, for which their keys stay in memory.
SELECT toString(theirs.campaign), theirs.occurrence, count(), countIf(ours.arm = 'treated' AND theirs.arm = 'treated'), countIf(ours.arm = 'control' AND theirs.arm = 'treated')
FROM
(
    SELECT campaign, occurrence, customer_key, arm
    FROM audience
    WHERE arm IN ('treated', 'control') AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND (campaign, occurrence, plan) IN
    (
        SELECT run.1, run.2, run.3 FROM (SELECT arrayJoin(arrayZip({campaigns:Array(String)}, {occurrences:Array(UInt32)}, {plans:Array(UInt16)})) AS run)
    )
    LIMIT 1 BY campaign, occurrence, customer_key
) AS theirs
INNER JOIN
(
    SELECT customer_key, arm
    FROM audience
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND arm IN ('treated', 'control')
      AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
    LIMIT 1 BY customer_key
) AS ours USING (customer_key)
GROUP BY theirs.campaign, theirs.occurrence
