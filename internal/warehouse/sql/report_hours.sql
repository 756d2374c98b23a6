-- Planned messages by zone and hour since 1970 in which they are to arrive: a zone's own hours are worked out where its rules are known.
SELECT their_zone, hour_since_1970, count()
FROM
(
    SELECT customer_key, touch, any(toUInt32(intDiv(toUnixTimestamp(planned_at) + lead_seconds, 3600))) AS hour_since_1970
    FROM planned_deliveries
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND blocked = ''
      AND (touch, rebase) IN
      (
          SELECT touch, max(rebase)
          FROM planned_deliveries
          WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
          GROUP BY touch
      )
    GROUP BY customer_key, touch
) AS planned
LEFT ANY JOIN
(
    SELECT customer_key, zone AS their_zone FROM features WHERE snapshot = {snapshot:String}
) AS living USING (customer_key)
GROUP BY their_zone, hour_since_1970
