-- Between which instants the deliveries of a plan lie: caps need not be asked about anything further away.
SELECT min(planned_at) AS first, max(planned_at) AS last, count() AS deliveries
FROM planned_deliveries
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND rebase = {rebase:UInt16}
  AND touch = {touch:String} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND blocked = ''
