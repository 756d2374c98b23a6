-- How each touch's messages ended: the highest state of each. One that came back, and that another channel followed, was a try.
SELECT touch, toString(ended), count()
FROM
(
    SELECT touch, if(maxIf(attempt, reached = 'bounced') < max(attempt), maxIf(reached, reached != 'bounced'), max(reached)) AS ended
    FROM
    (
        SELECT touch, customer_key, attempt, max(state) AS reached
        FROM delivery_events
        WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
        GROUP BY campaign, occurrence, touch, customer_key, attempt
        SETTINGS optimize_aggregation_in_order = 1
    )
    GROUP BY touch, customer_key
)
GROUP BY touch, ended
ORDER BY touch, ended
