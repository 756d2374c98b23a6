-- What was taken back.
SELECT count(), sum(owed)
FROM
(
    SELECT any(amount) AS owed
    FROM clawbacks
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
    GROUP BY customer_key, offer, round
)
