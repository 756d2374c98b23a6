-- Whose offers count in which window, by the latest plan of each run.
SELECT campaign, occurrence, argMax(launch, plan), argMax(ends, plan), argMax(spec, plan)
FROM campaigns
WHERE kind != 'past'
GROUP BY campaign, occurrence
ORDER BY campaign, occurrence
