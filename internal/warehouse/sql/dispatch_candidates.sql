-- Who of a range of customers is to be given a time: those with something to be told whom the touch has not reached yet,
-- in the order of their keys, which is the order in which capacity is given out.
SELECT
    assigned.customer_key AS customer_key,
    toString(people.segment) AS segment,
    toString(people.zone) AS zone,
    addresses.address != '' AS has_address,
    nights.granted = 1 AS night,
    people.response_hours AS response_hours,
    people.purchase_hours AS purchase_hours
FROM
(
    SELECT customer_key
    FROM assignments
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
      AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND offer != 'none'
    LIMIT 1 BY customer_key
) AS assigned
LEFT JOIN
(
    SELECT customer_key, segment, zone, response_hours, purchase_hours
    FROM features
    WHERE snapshot = {snapshot:String} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
) AS people USING (customer_key)
LEFT JOIN
(
    SELECT customer_key, argMax(address, updated_at) AS address
    FROM contacts
    WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND channel = {channel:String}
    GROUP BY customer_key
) AS addresses USING (customer_key)
LEFT JOIN
(
    SELECT customer_key, argMax(granted, (at, recorded_at)) AS granted
    FROM consents
    WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
      AND channel = {channel:String} AND purpose = {purpose:String} AND night = 1 AND at <= {opens:DateTime('UTC')}
    GROUP BY customer_key
) AS nights USING (customer_key)
WHERE assigned.customer_key NOT IN
(
    SELECT customer_key
    FROM delivery_events
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND touch = {touch:String}
      AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
      AND {rebase:UInt16} > 0 AND state IN ('unknown', 'suppressed', 'sent', 'delivered', 'bounced')
)
ORDER BY customer_key
