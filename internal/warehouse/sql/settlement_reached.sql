-- How many customers of a range have an offer with a reward that reached them, or may have.
SELECT count()
FROM
(
    SELECT customer_key
    FROM assignments
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
      AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND reward > 0
    LIMIT 1 BY customer_key
) AS assigned
WHERE customer_key IN
(
    SELECT customer_key
    FROM
    (
        SELECT customer_key, touch, attempt, max(state) AS final_state, minIf(at, state != 'planned') AS first_at
        FROM delivery_events
        WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
          AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
        GROUP BY customer_key, touch, attempt
        HAVING has({states:Array(String)}, toString(final_state))
    )
    WHERE first_at <= toDateTime64({closes:DateTime('UTC')}, 3, 'UTC')
)
