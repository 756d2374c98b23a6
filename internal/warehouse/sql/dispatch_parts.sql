-- What the messages of a touch to some customers carry of other runs, in the order in which it is shown: the parts whose
-- reservations stand.
SELECT customer_key, toString(campaign), occurrence, plan, toString(touch), toString(channel), at, toString(any(purpose)), max(launch) AS begins
FROM reservations
WHERE customer_key IN (SELECT arrayJoin(CAST({keys:String}, 'Array(UInt32)'))) AND host = {host:String}
GROUP BY customer_key, campaign, occurrence, plan, touch, channel, at
HAVING max(released) = 0
ORDER BY customer_key, campaign, occurrence, touch
