-- How many redemptions of a range stand, and what is due for them.
SELECT count(), toInt64(sum(owed)), throwIf(sum(toInt128(owed)) > 9223372036854775807, 'dues beyond 64 bits')
FROM
(
    SELECT due AS owed
    FROM redemptions
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
    ORDER BY customer_key, offer, round, qualified_at, purchase, spend
    LIMIT 1 BY customer_key, offer, round
)
