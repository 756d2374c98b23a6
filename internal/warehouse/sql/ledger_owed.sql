-- What customers of a range owe in all books of a currency: what was clawed back, less what dues were set against.
SELECT customer_key, sum(amount) AS owed
FROM
(
    SELECT campaign, occurrence, transaction, leg, customer_key, amount
    FROM postings
    WHERE account = 'clawback:receivable' AND currency = {currency:String}
      AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
    LIMIT 1 BY campaign, occurrence, transaction, leg
)
GROUP BY customer_key
HAVING owed > 0
