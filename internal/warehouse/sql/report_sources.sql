-- Where the planned hours came from: the customer's own events, their segment, a full hour, or a draw; and who got none.
SELECT if(blocked = '', toString(came), 'blocked') AS source, count() AS customers
FROM
(
    SELECT customer_key, touch, any(planned_deliveries.source) AS came, any(planned_deliveries.blocked) AS blocked
    FROM planned_deliveries
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
      AND (touch, rebase) IN
      (
          SELECT touch, max(rebase)
          FROM planned_deliveries
          WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
          GROUP BY touch
      )
    GROUP BY customer_key, touch
)
GROUP BY source
ORDER BY source
