-- Whether anything became of any delivery of a wave yet: if not, its pages need not ask.
SELECT count() AS begun
FROM
(
    SELECT 1
    FROM delivery_events
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND touch = {touch:String}
      AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
      AND customer_key IN
      (
          SELECT customer_key
          FROM planned_deliveries
          WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND rebase = {rebase:UInt16}
            AND touch = {touch:String} AND wave = {wave:UInt32} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
      )
    LIMIT 1
)
