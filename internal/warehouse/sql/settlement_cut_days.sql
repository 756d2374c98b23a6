-- The last reward of each day on which an offer had more candidates than rewards. What was published before keeps its
-- rewards when a run is settled again, so only those that are left are given; where none is, the cut is before everybody.
WITH standing AS
(
    SELECT customer_key, round, toDate(min(qualified_at), {zone:String}) AS day
    FROM redemptions
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND offer = {offer:String}
    GROUP BY customer_key, round
)
SELECT
    toString(day), if(free = 0, toDateTime(0, 'UTC'), qualified_at), if(free = 0, 0, purchase), if(free = 0, 0, customer_key), if(free = 0, 0, round),
    toUInt64(of_day - free) AS refused
FROM
(
    SELECT qualified_at, purchase, customer_key, round, day, in_day, of_day, toUInt64({most:UInt64} - least({most:UInt64}, taken)) AS free
    FROM
    (
        SELECT
            qualified_at, purchase, customer_key, round, toDate(qualified_at, {zone:String}) AS day,
            row_number() OVER (PARTITION BY day ORDER BY qualified_at, purchase, customer_key, round) AS in_day,
            count() OVER (PARTITION BY day) AS of_day
        FROM candidates
        WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND attempt IN {attempts:Array(UInt64)} AND offer = {offer:String}
          AND (customer_key, round) NOT IN (SELECT customer_key, round FROM standing)
    ) AS asking
    LEFT JOIN (SELECT day, count() AS taken FROM standing GROUP BY day) AS given USING (day)
)
WHERE of_day > free AND in_day = greatest(free, 1)
ORDER BY day
