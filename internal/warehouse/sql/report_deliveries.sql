-- How each touch's messages ended: the highest state of each.
SELECT touch, toString(ended), count()
FROM
(
    SELECT touch, max(state) AS ended
    FROM delivery_events
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
    GROUP BY campaign, occurrence, touch, customer_key
    SETTINGS optimize_aggregation_in_order = 1
)
GROUP BY touch, ended
ORDER BY touch, ended
