-- What was taken back.
SELECT count(), sum(owed)
FROM
(
    SELECT min(amount) AS owed
    FROM clawbacks
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
    GROUP BY customer_key, offer, round, pass
    HAVING owed > 0
)
