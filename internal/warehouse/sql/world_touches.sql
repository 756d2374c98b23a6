-- What reached each customer of a range, by the highest state of each delivery, and the offer of the latest plan. Campaigns
-- that the world made itself are left out: it knows them better than their rows do.
SELECT e.customer_key, e.campaign, e.occurrence, e.touch, e.by_channel, e.arrived, a.terms.1, a.terms.2, a.terms.3
FROM
(
    SELECT customer_key, campaign, occurrence, touch, argMax(way, attempt) AS by_channel, toDateTime(min(first_at), 'UTC') AS arrived
    FROM
    (
        SELECT customer_key, campaign, occurrence, touch, attempt, argMax(channel, state) AS way, minIf(at, state IN ('sent', 'delivered')) AS first_at
        FROM delivery_events
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND at < {until:DateTime('UTC')}
          AND campaign NOT IN (SELECT campaign FROM campaigns WHERE kind = 'past')
        GROUP BY customer_key, campaign, occurrence, touch, attempt
        HAVING max(state) IN ('sent', 'delivered')
    )
    GROUP BY customer_key, campaign, occurrence, touch
) AS e
LEFT JOIN
(
    SELECT customer_key, campaign, occurrence, argMax((content, threshold, reward), plan) AS terms
    FROM assignments
    WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
      AND campaign NOT IN (SELECT campaign FROM campaigns WHERE kind = 'past')
    GROUP BY customer_key, campaign, occurrence
) AS a ON e.customer_key = a.customer_key AND e.campaign = a.campaign AND e.occurrence = a.occurrence
ORDER BY e.customer_key, e.arrived, e.campaign, e.touch
