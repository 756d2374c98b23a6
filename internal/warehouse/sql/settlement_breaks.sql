-- Each break's latest incident. It was opened when the first of its rows says; of two steps that open it at once the earlier counts.
SELECT payout, kind, max(incident) AS latest, any(customer_key) AS customer,
       argMax(ours, tuple(incident, wall_at)) AS we, argMax(theirs, tuple(incident, wall_at)) AS they, any(currency) AS in_currency,
       argMin(opened, tuple(-toInt32(incident), opened)) AS since, argMax(owner, tuple(incident, wall_at)) AS whose,
       argMax(toInt8(state), tuple(incident, toInt8(state))) = 20 AS over,
       argMax(resolution, tuple(incident, toInt8(state), wall_at)) AS why
FROM payout_breaks
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
GROUP BY payout, kind
ORDER BY payout, kind
