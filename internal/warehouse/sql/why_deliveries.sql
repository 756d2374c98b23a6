-- What happened to each message, row by row.
SELECT touch, attempt, channel, toString(state), at, reason, response, message_id
FROM delivery_events
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND customer_key = {customer:UInt32}
ORDER BY touch, attempt, state, at
LIMIT 1 BY touch, attempt, state
