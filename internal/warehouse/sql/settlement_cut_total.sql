-- The last reward of an offer that has more candidates than rewards, after each day was cut for itself.
SELECT '', qualified_at, purchase, customer_key, round, toUInt64(of_all - {most:UInt64}) AS refused
FROM
(
    SELECT
        qualified_at, purchase, customer_key, round,
        row_number() OVER (ORDER BY qualified_at, purchase, customer_key, round) AS in_all,
        count() OVER () AS of_all
    FROM
    (
        SELECT
            qualified_at, purchase, customer_key, round, toDate(qualified_at, {zone:String}) AS day,
            row_number() OVER (PARTITION BY day ORDER BY qualified_at, purchase, customer_key, round) AS in_day
        FROM candidates
        WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND attempt IN {attempts:Array(UInt64)} AND offer = {offer:String}
    )
    WHERE {day:UInt64} = 0 OR in_day <= {day:UInt64}
)
WHERE in_all = {most:UInt64} AND of_all > {most:UInt64}
