-- The last reward of each day on which an offer had more candidates than rewards.
SELECT toString(day), qualified_at, purchase, customer_key, round, toUInt64(of_day - {most:UInt64}) AS refused
FROM
(
    SELECT
        qualified_at, purchase, customer_key, round, toDate(qualified_at, {zone:String}) AS day,
        row_number() OVER (PARTITION BY day ORDER BY qualified_at, purchase, customer_key, round) AS in_day,
        count() OVER (PARTITION BY day) AS of_day
    FROM candidates
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND attempt IN {attempts:Array(UInt64)} AND offer = {offer:String}
)
WHERE in_day = {most:UInt64} AND of_day > {most:UInt64}
ORDER BY day
