-- When each message was to leave and why then, in the last version of the plan.
SELECT touch, channel, planned_at, toString(source), blocked
FROM planned_deliveries
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND customer_key = {customer:UInt32}
ORDER BY touch, rebase DESC
LIMIT 1 BY touch
