-- What was decided about the run as a whole, by whom: the audit trail, in order.
SELECT toString(action), toString(actor), subject, detail, toString(plan), at
FROM decisions
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
ORDER BY at, wall_at, decision
LIMIT 1 BY decision
