-- The last message of each touch to a customer that was handed over, or may have been: what it was made of, and when.
SELECT
    toString(touch) AS contact, toString(argMax(channel, attempt)) AS way, max(attempt) AS try, argMax(at, attempt) AS left_at,
    argMax(template, attempt) AS made_from, argMax(parameters, attempt) AS fed, argMax(body_sha256, attempt) AS hash,
    argMax(message_id, attempt) AS id, argMax(response, attempt) AS said
FROM delivery_events
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND customer_key = {customer:UInt32}
  AND state = 'attempting'
GROUP BY touch
ORDER BY left_at
