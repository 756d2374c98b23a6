-- What happened to each payout, row by row.
SELECT payout, attempt, toString(state), amount, at, reason
FROM payout_events
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND customer_key = {customer:UInt32}
ORDER BY attempt, state, at
LIMIT 1 BY payout, attempt, state
