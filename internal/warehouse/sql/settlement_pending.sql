-- What all runs recorded to take back from customers of a range and have not booked yet: whoever keeps a floor counts it as owed.
SELECT customer_key, sum(recorded - booked) AS pending
FROM
(
    SELECT campaign, occurrence, customer_key, sum(taken) AS recorded, sum(posted) AS booked
    FROM
    (
        SELECT campaign, occurrence, customer_key, amount AS taken, toInt64(0) AS posted
        FROM
        (
            SELECT campaign, occurrence, customer_key, amount
            FROM clawbacks
            WHERE currency = {currency:String} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
            ORDER BY campaign, occurrence, customer_key, offer, round, pass, amount
            LIMIT 1 BY campaign, occurrence, customer_key, offer, round, pass
        )
        UNION ALL
        SELECT campaign, occurrence, customer_key, toInt64(0) AS taken, amount AS posted
        FROM
        (
            SELECT campaign, occurrence, customer_key, amount
            FROM postings
            WHERE kind = 'clawback' AND account = 'clawback:receivable' AND currency = {currency:String}
              AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
            LIMIT 1 BY campaign, occurrence, transaction, leg
        )
    )
    GROUP BY campaign, occurrence, customer_key
)
WHERE recorded > booked
GROUP BY customer_key
