-- Other campaigns of the same kind that sent something and whose windows overlap this one's: how many of the customers whom
-- this one drew they drew too, and how many of its treated and of its control they treated. Of each its last plan.
SELECT toString(other.campaign), other.occurrence, any(other.opens), any(other.closes), count(), countIf(ours.arm = 'treated' AND theirs.arm = 'treated'), countIf(ours.arm = 'control' AND theirs.arm = 'treated')
FROM
(
    SELECT campaign, occurrence, plan, customer_key, arm
    FROM audience
    WHERE arm IN ('treated', 'control') AND (campaign, occurrence, plan) IN
    (
        SELECT campaign, occurrence, max(plan)
        FROM campaigns
        WHERE (campaign, occurrence) != ({campaign:String}, {occurrence:UInt32}) AND launch < {closes:DateTime('UTC')} AND ends > {opens:DateTime('UTC')}
        GROUP BY campaign, occurrence
    )
    LIMIT 1 BY campaign, occurrence, plan, customer_key
) AS theirs
INNER JOIN
(
    SELECT customer_key, arm
    FROM audience
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND arm IN ('treated', 'control')
    LIMIT 1 BY customer_key
) AS ours USING (customer_key)
INNER JOIN
(
    SELECT campaign, occurrence, argMax(launch, plan) AS opens, argMax(ends, plan) AS closes
    FROM campaigns
    WHERE (campaign, occurrence) IN
    (
        SELECT campaign, occurrence FROM delivery_events
        WHERE state IN ('sent', 'delivered', 'bounced', 'unknown') AND (campaign, occurrence) IN
        (
            SELECT campaign, occurrence FROM campaigns
            WHERE (campaign, occurrence) != ({campaign:String}, {occurrence:UInt32}) AND launch < {closes:DateTime('UTC')} AND ends > {opens:DateTime('UTC')}
              AND (kind = 'rehearsal') = (SELECT any(kind) = 'rehearsal' FROM campaigns WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32})
        )
    )
    GROUP BY campaign, occurrence
) AS other ON theirs.campaign = other.campaign AND theirs.occurrence = other.occurrence
GROUP BY other.campaign, other.occurrence
ORDER BY count() DESC, other.campaign, other.occurrence
LIMIT 20
