-- The planned deliveries of a range of customers for a touch: those of one wave, or (wave 0) of all, in the order they
-- leave. A plan that was written twice gives the same rows twice. A customer who was planned again counts once, as last planned.
SELECT customer_key, toString(channel) AS channel, planned_at, wave, toString(blocked) AS blocked, rebase
FROM
(
    SELECT customer_key, channel, planned_at, wave, blocked, rebase
    FROM planned_deliveries
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND touch = {touch:String}
      AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
      AND if({wave:UInt32} = 0, rebase <= {rebase:UInt16}, rebase = {rebase:UInt16} AND wave = {wave:UInt32} AND blocked = '')
    ORDER BY customer_key, rebase DESC, planned_at
    LIMIT 1 BY customer_key
)
ORDER BY planned_at, customer_key
