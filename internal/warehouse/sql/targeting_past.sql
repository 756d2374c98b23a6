-- Campaigns that were over by an instant, the latest first: what a response model may learn from. A rehearsal teaches nothing.
SELECT toString(campaign) AS campaign, occurrence, max(launch) AS launched, max(ends) AS ended
FROM campaigns
WHERE kind IN ('live', 'past') AND ends <= {instant:DateTime('UTC')}
GROUP BY campaign, occurrence
ORDER BY ended DESC, campaign, occurrence
LIMIT {most:UInt32}
