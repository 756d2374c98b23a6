-- What was promised and believed, by offer.
SELECT
    their_offer, count(), sum(explored), sum(most), sum(cost), sum(worth), avg(reach), avg(reach_without), sum(reach),
    min(goal), toInt64(quantileExact(goal)), max(goal)
FROM
(
    SELECT
        any(offer) AS their_offer, any(explore) AS explored, any(reward) AS most, any(expected_cost) AS cost, any(value) AS worth,
        toFloat64(any(p_reach)) AS reach, toFloat64(any(p_reach_without)) AS reach_without, any(threshold) AS goal
    FROM assignments
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
    GROUP BY campaign, occurrence, plan, customer_key
    SETTINGS optimize_aggregation_in_order = 1
)
GROUP BY their_offer
ORDER BY their_offer
