-- What became of the deliveries of some customers: the state of each attempt is the greatest of its rows.
SELECT
    customer_key, attempt, toInt8(max(state)) AS reached,
    toString(argMax(reason, state)) AS why,
    argMax(message_id, state) AS id,
    argMax(wave, state) AS in_wave,
    toString(argMax(channel, state)) AS by_channel,
    min(at) AS first_at,
    max(wall_at) AS last_wall_at
FROM delivery_events
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND touch = {touch:String}
  AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
  AND ({keys:String} = '[]' OR customer_key IN (SELECT arrayJoin(CAST({keys:String}, 'Array(UInt32)'))))
GROUP BY customer_key, attempt
ORDER BY customer_key, attempt
