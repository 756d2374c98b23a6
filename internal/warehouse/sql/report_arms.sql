-- How many customers are in each arm, or were left out, by reason. In the order of the key, so that nothing is remembered.
SELECT toString(their_arm), their_reason, count()
FROM
(
    SELECT any(arm) AS their_arm, any(reason) AS their_reason
    FROM audience
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
    GROUP BY campaign, occurrence, plan, customer_key
    SETTINGS optimize_aggregation_in_order = 1
)
GROUP BY their_arm, their_reason
ORDER BY their_arm, count() DESC
