-- Which attempts some feedback may be about: those of the deliveries that it names, or with the ids that their providers gave.
SELECT
    campaign, occurrence, launch, touch, customer_key, channel, attempt, wave_of, reached, first_at, first_wall_at, id, provider,
    purposes.purpose AS purpose
FROM
(
    SELECT
        toString(campaign) AS campaign, occurrence, any(launch) AS launch, toString(touch) AS touch, customer_key,
        toString(argMax(channel, state)) AS channel, attempt, argMax(wave, state) AS wave_of, toInt8(max(state)) AS reached,
        min(at) AS first_at, min(wall_at) AS first_wall_at, any(message_id) AS id, max(provider_id) AS provider
    FROM delivery_events
    WHERE (campaign, occurrence, touch, customer_key) IN
    (
        SELECT campaign, occurrence, touch, customer_key
        FROM delivery_events
        WHERE substring(message_id, 1, 32) IN {deliveries:Array(String)}
           OR (provider_id != '' AND provider_id IN {providers:Array(String)})
    )
    GROUP BY campaign, occurrence, touch, customer_key, attempt
) AS found
LEFT JOIN
(
    SELECT customer_key, toString(campaign) AS campaign, occurrence, toString(touch) AS touch, any(toString(purpose)) AS purpose
    FROM reservations
    WHERE customer_key IN
    (
        SELECT customer_key
        FROM delivery_events
        WHERE substring(message_id, 1, 32) IN {deliveries:Array(String)}
           OR (provider_id != '' AND provider_id IN {providers:Array(String)})
    )
    GROUP BY customer_key, campaign, occurrence, touch
) AS purposes USING (campaign, occurrence, touch, customer_key)
ORDER BY campaign, occurrence, touch, customer_key, attempt
