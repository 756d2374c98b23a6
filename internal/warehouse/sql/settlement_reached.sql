-- How many offers with a reward reached customers of a range, or may have: those of our own messages, or imported ones.
WITH
    (
        SELECT groupUniqArray(touch)
        FROM delivery_events
        WHERE {imported:UInt8} = 0 AND campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
          AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
    ) AS touches
SELECT count() + (
    SELECT uniqExact(customer_key, touch)
    FROM interactions
    WHERE {imported:UInt8} = 1 AND campaign = {campaign:String} AND occurrence IN (0, {occurrence:UInt32}) AND kind = 'offer'
      AND has({offers:Array(String)}, toString(touch))
      AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND at <= {closes:DateTime('UTC')}
)
FROM
(
    SELECT customer_key
    FROM assignments
    WHERE {imported:UInt8} = 0 AND campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
      AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND reward > 0
    LIMIT 1 BY customer_key
) AS assigned
WHERE customer_key IN
(
    SELECT toUInt32(bitShiftRight(attempted, 32))
    FROM
    (
        SELECT bitShiftLeft(toUInt64(customer_key), 32) + indexOf(touches, touch) * 256 + attempt AS attempted, max(state) AS final_state, min(at) AS first_at
        FROM delivery_events
        WHERE {imported:UInt8} = 0 AND campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
          AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND state != 'planned'
        GROUP BY attempted
        HAVING has({states:Array(String)}, toString(final_state)) AND first_at <= toDateTime64({closes:DateTime('UTC')}, 3, 'UTC')
    )
)
