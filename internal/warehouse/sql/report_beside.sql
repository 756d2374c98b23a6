-- Other campaigns of the same kind that sent something and whose windows overlap this one's, each by its last plan.
SELECT toString(campaign), occurrence, max(plan), argMax(launch, plan), argMax(ends, plan)
FROM campaigns
WHERE (campaign, occurrence) != ({campaign:String}, {occurrence:UInt32})
  AND (kind = 'rehearsal') = (SELECT any(kind) = 'rehearsal' FROM campaigns WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32})
  AND (campaign, occurrence) IN
  (
      SELECT campaign, occurrence
      FROM delivery_events
      WHERE state IN ('sent', 'delivered', 'bounced', 'unknown') AND (campaign, occurrence) IN
      (
          SELECT campaign, occurrence FROM campaigns WHERE launch < {closes:DateTime('UTC')} AND ends > {opens:DateTime('UTC')}
      )
  )
GROUP BY campaign, occurrence
HAVING argMax(launch, plan) < {closes:DateTime('UTC')} AND argMax(ends, plan) > {opens:DateTime('UTC')}
ORDER BY campaign, occurrence
