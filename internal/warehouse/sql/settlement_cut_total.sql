-- The last reward of an offer that has more candidates than rewards, after each day was cut for itself. What was
-- published before keeps its rewards when a run is settled again; where none is left, the cut is before everybody.
WITH
    standing AS
    (
        SELECT customer_key, round, toDate(min(qualified_at), {zone:String}) AS day
        FROM redemptions
        WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND offer = {offer:String}
        GROUP BY customer_key, round
    ),
    (SELECT count() FROM standing) AS taken,
    toUInt64({most:UInt64} - least({most:UInt64}, assumeNotNull(taken))) AS free
SELECT
    '', if(free = 0, toDateTime(0, 'UTC'), qualified_at), if(free = 0, 0, purchase), if(free = 0, 0, customer_key), if(free = 0, 0, round),
    toUInt64(of_all - free) AS refused
FROM
(
    SELECT
        qualified_at, purchase, customer_key, round,
        row_number() OVER (ORDER BY qualified_at, purchase, customer_key, round) AS in_all,
        count() OVER () AS of_all
    FROM
    (
        SELECT qualified_at, purchase, customer_key, round, in_day, given_of_day
        FROM
        (
            SELECT
                qualified_at, purchase, customer_key, round, toDate(qualified_at, {zone:String}) AS day,
                row_number() OVER (PARTITION BY day ORDER BY qualified_at, purchase, customer_key, round) AS in_day
            FROM candidates
            WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND attempt IN {attempts:Array(UInt64)} AND offer = {offer:String}
              AND (customer_key, round) NOT IN (SELECT customer_key, round FROM standing)
        ) AS asking
        LEFT JOIN (SELECT day, count() AS given_of_day FROM standing GROUP BY day) AS given USING (day)
    )
    WHERE {day:UInt64} = 0 OR in_day + given_of_day <= {day:UInt64}
)
WHERE of_all > free AND in_all = greatest(free, 1)
