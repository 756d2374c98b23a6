-- The last message by a channel to everybody who has a number: an answer to a text message names no other.
SELECT argMax(substring(message_id, 1, 32), wall_at) AS delivery
FROM delivery_events
WHERE channel = {channel:String} AND attempt > 0 AND message_id != '' AND customer_key IN
(
    SELECT customer_key
    FROM
    (
        SELECT customer_key, replaceRegexpOne(replaceRegexpAll(argMax(address, updated_at), '[^0-9]', ''), '^0+', '') AS own
        FROM contacts
        WHERE channel = {channel:String}
        GROUP BY customer_key
    )
    WHERE length(own) >= 7
      AND (endsWith(own, {digits:String}) AND length(own) - length({digits:String}) <= 3
        OR endsWith({digits:String}, own) AND length({digits:String}) - length(own) <= 3)
)
GROUP BY customer_key
ORDER BY delivery
