-- What counts against the caps of a range of customers between two instants, by touch: reservations that stand, and
-- messages of before there were reservations, or of elsewhere. A touch counts once, at its earliest.
SELECT customer_key, campaign, occurrence, plan, touch, channel, at, purpose, priority, host, launch
FROM
(
    SELECT
        customer_key, toString(campaign) AS campaign, occurrence, plan, toString(touch) AS touch, toString(channel) AS channel, at,
        toString(any(reservations.purpose)) AS purpose, max(reservations.priority) AS priority, max(reservations.host) AS host, max(reservations.launch) AS launch
    FROM reservations
    WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND ({keys:String} = '[]' OR customer_key IN (SELECT arrayJoin(CAST({keys:String}, 'Array(UInt32)')))) AND at > {from:DateTime('UTC')} AND at < {until:DateTime('UTC')}
    GROUP BY customer_key, campaign, occurrence, plan, touch, channel, at
    HAVING max(released) = 0
    UNION ALL
    SELECT
        customer_key, toString(campaign) AS campaign, occurrence, toUInt16(0) AS plan, toString(touch) AS touch, toString(channel) AS channel, at,
        '' AS purpose, toUInt8(9) AS priority, '' AS host, toDateTime(0, 'UTC') AS launch
    FROM interactions
    WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND ({keys:String} = '[]' OR customer_key IN (SELECT arrayJoin(CAST({keys:String}, 'Array(UInt32)')))) AND kind = 'delivered'
      AND at > {from:DateTime('UTC')} AND at < {until:DateTime('UTC')}
      AND NOT (campaign = {campaign:String} AND occurrence = {occurrence:UInt32})
)
ORDER BY customer_key, campaign, occurrence, touch, plan DESC, at
