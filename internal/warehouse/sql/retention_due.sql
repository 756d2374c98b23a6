-- Runs whose window ended before an instant, and which have decisions about customers left.
SELECT toString(campaign), occurrence, max(ends) AS ended
FROM campaigns
WHERE kind != 'past'
GROUP BY campaign, occurrence
HAVING ended < {before:DateTime('UTC')}
ORDER BY ended, campaign, occurrence
