-- What is known of some customers at the very second at which each is to be sent a message (ats, in Unix seconds):
-- their offer, name and address, and whether consent, suppression and reservation allow it. Keys and ats come as texts
-- of arrays: an array would be read as a literal in each place where it stands, which took longer than all else. One
-- thread does: several pages are asked about at once.
WITH page AS
(
    SELECT tupleElement(pair, 1) AS customer_key, toDateTime(tupleElement(pair, 2), 'UTC') AS send_at
    FROM (SELECT arrayJoin(arrayZip(CAST({keys:String}, 'Array(UInt32)'), CAST({ats:String}, 'Array(UInt32)'))) AS pair)
)
SELECT
    page.customer_key AS customer_key,
    who.name AS name,
    addresses.address AS address,
    toString(people.zone) AS zone,
    toString(people.language) AS language,
    toString(assigned.offer) AS offer,
    toString(assigned.content) AS content,
    assigned.threshold AS threshold,
    assigned.reward AS reward,
    consented.granted = 1 AS consented,
    consented.since AS consented_at,
    consented.night = 1 AS night,
    consented.asked = 1 AND consented.granted = 0 AS withdrawn,
    consented.objected = 1 AS objected,
    bought.bought_at AS bought_at,
    stopped.stop = 1 AS do_not_contact,
    reserved.held = 1 AS reserved,
    reserved.kept AS kept
FROM page
LEFT JOIN
(
    SELECT customer_key, any(offer) AS offer, any(content) AS content, any(threshold) AS threshold, any(reward) AS reward
    FROM assignments
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
      AND customer_key IN (SELECT arrayJoin(CAST({keys:String}, 'Array(UInt32)')))
    GROUP BY customer_key
) AS assigned ON assigned.customer_key = page.customer_key
LEFT JOIN
(
    SELECT customer_key, argMax(name, updated_at) AS name
    FROM identities
    WHERE customer_key IN (SELECT arrayJoin(CAST({keys:String}, 'Array(UInt32)')))
    GROUP BY customer_key
) AS who ON who.customer_key = page.customer_key
LEFT JOIN
(
    SELECT customer_key, argMax(address, updated_at) AS address
    FROM contacts
    WHERE customer_key IN (SELECT arrayJoin(CAST({keys:String}, 'Array(UInt32)'))) AND channel = {channel:String}
    GROUP BY customer_key
) AS addresses ON addresses.customer_key = page.customer_key
LEFT JOIN
(
    SELECT customer_key, argMax(zone, updated_at) AS zone, argMax(language, updated_at) AS language
    FROM customers
    WHERE customer_key IN (SELECT arrayJoin(CAST({keys:String}, 'Array(UInt32)')))
    GROUP BY customer_key
) AS people ON people.customer_key = page.customer_key
LEFT JOIN
(
    SELECT
        c.customer_key AS customer_key,
        argMaxIf(c.granted, (c.at, c.recorded_at), c.night = 0 AND c.purpose = {purpose:String}) AS granted,
        maxIf(c.at, c.night = 0 AND c.purpose = {purpose:String}) AS since,
        countIf(c.night = 0 AND c.purpose = {purpose:String}) > 0 AS asked,
        argMaxIf(c.granted, (c.at, c.recorded_at), c.night = 1 AND c.purpose = {purpose:String}) AS night,
        countIf(c.purpose = 'profiling') > 0 AND argMaxIf(c.granted, (c.at, c.recorded_at), c.purpose = 'profiling') = 0 AS objected
    FROM consents AS c
    INNER JOIN page ON page.customer_key = c.customer_key
    WHERE c.customer_key IN (SELECT arrayJoin(CAST({keys:String}, 'Array(UInt32)'))) AND (c.channel = {channel:String} AND c.purpose = {purpose:String} OR c.purpose = 'profiling') AND c.at <= page.send_at
    GROUP BY customer_key
) AS consented ON consented.customer_key = page.customer_key
LEFT JOIN
(
    SELECT s.customer_key AS customer_key, 1 AS stop
    FROM suppressions AS s
    INNER JOIN page ON page.customer_key = s.customer_key
    WHERE s.customer_key IN (SELECT arrayJoin(CAST({keys:String}, 'Array(UInt32)'))) AND s.channel IN ('', {channel:String})
      AND s.at <= page.send_at AND (s.until = toDateTime(0, 'UTC') OR s.until > page.send_at)
    GROUP BY customer_key
) AS stopped ON stopped.customer_key = page.customer_key
LEFT JOIN
(
    SELECT customer_key, max(own) AS held, multiIf(max(carried) = 1, 'bundled', max(taken) = 1, 'displaced', '') AS kept
    FROM
    (
        SELECT customer_key, at, max(released) = 0 AND max(host) = '' AS own, max(released) = 0 AND max(host) != '' AS carried, max(why) = 'displaced' AS taken
        FROM reservations
        WHERE customer_key IN (SELECT arrayJoin(CAST({keys:String}, 'Array(UInt32)')))
          AND campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND touch = {touch:String}
          AND channel = {channel:String}
        GROUP BY customer_key, at
    )
    GROUP BY customer_key
) AS reserved ON reserved.customer_key = page.customer_key
LEFT JOIN
(
    SELECT t.customer_key AS customer_key, max(t.at) AS bought_at
    FROM transactions AS t
    INNER JOIN page ON page.customer_key = t.customer_key
    WHERE {own:UInt8} = 1 AND t.customer_key IN (SELECT arrayJoin(CAST({keys:String}, 'Array(UInt32)'))) AND t.kind = 'purchase'
      AND t.at >= {bought_from:DateTime('UTC')} AND t.at <= page.send_at
    GROUP BY customer_key
) AS bought ON bought.customer_key = page.customer_key
ORDER BY customer_key
SETTINGS max_threads = 1
