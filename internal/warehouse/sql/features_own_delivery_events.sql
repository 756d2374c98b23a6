-- Features of the user's own over delivery events: their expressions see these rows, bounded by the instant and the window, and nothing else.
WITH toUInt32({instant:DateTime('UTC')}) AS instant
SELECT customer_key, toUInt8(1) AS seen, /* values */
FROM
(
    SELECT customer_key, toUInt32(toDateTime(moment, 'UTC')) AS at, state, channel, campaign, touch
    FROM
    (
        SELECT customer_key, at AS moment, toString(state) AS state, toString(channel) AS channel, toString(campaign) AS campaign, toString(touch) AS touch
        FROM delivery_events
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND at < {instant:DateTime('UTC')} AND at >= {since:DateTime('UTC')}
          AND ({cohort:String} = '' OR customer_key IN (SELECT customer_key FROM audience WHERE campaign = {cohort:String} AND occurrence = {cohort_occurrence:UInt32}))
    )
)
GROUP BY customer_key
