-- Redemptions by offer and day, in the run's zone.
SELECT their_offer, toString(toDate(reached_at, {zone:String})) AS day, count(), sum(owed)
FROM
(
    SELECT offer AS their_offer, min(qualified_at) AS reached_at, any(due) AS owed
    FROM redemptions
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
    GROUP BY customer_key, offer, round
)
GROUP BY their_offer, day
ORDER BY day, their_offer
