-- How each touch's messages ended, and by which channel those that may have arrived went last: the highest state of each.
-- One that came back, and that another channel followed, was a try; one that went in another campaign's message (its attempts
-- are numbered above 200) is bundled, since the provider counts one message.
SELECT touch, if(by_other AND ended IN ('attempting', 'unknown', 'sent', 'delivered'), 'bundled', toString(ended)) AS ended_as, by_channel, count()
FROM
(
    SELECT
        touch,
        if(maxIf(attempt, reached = 'bounced') < max(attempt), maxIf(reached, reached != 'bounced'), max(reached)) AS ended,
        max(attempt) > 200 AS by_other,
        argMaxIf(channel, attempt, reached IN ('sent', 'delivered')) AS by_channel
    FROM
    (
        SELECT touch, customer_key, attempt, max(state) AS reached, toString(argMax(channel, state)) AS channel
        FROM delivery_events
        WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
        GROUP BY campaign, occurrence, touch, customer_key, attempt
        SETTINGS optimize_aggregation_in_order = 1
    )
    GROUP BY touch, customer_key
)
GROUP BY touch, ended, by_other, by_channel
ORDER BY touch, ended, by_channel
