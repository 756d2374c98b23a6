-- Everything that decides whether a customer of the range may be chosen, at the moment: one row a customer of the snapshot, in order.
-- Masks have a bit a channel, in the order of {channels}. The rule of the campaign takes the place of the marked condition,
-- and what it asks about behaviour is joined at the other mark.
SELECT
    people.customer_key AS customer_key,
    signals, matches, segment_name, excluded_segment, excluded_campaign,
    address, consents, zone_name, objected, bought, suppressed, contact_channels, contact_times
FROM
(
    SELECT
        customer_key,
        [toFloat32(age), toFloat32(tenure_days), toFloat32(recency_days), toFloat32(purchases), toFloat32(purchases_90d),
         toFloat32(spend), toFloat32(spend_28d), toFloat32(spend_90d), toFloat32(rhythm_days), toFloat32(messages_180d), toFloat32(responses_180d)] AS signals,
        toUInt8(1 /* rule */) AS matches,
        toString(segment) AS segment_name,
        toString(zone) AS zone_name,
        has({segments:Array(String)}, toString(segment)) AS excluded_segment
    FROM features
    /* behaviour */
    WHERE snapshot = {snapshot:String} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
) AS people
LEFT JOIN
(
    SELECT DISTINCT customer_key, toUInt8(1) AS excluded_campaign
    FROM audience
    WHERE campaign IN {campaigns:Array(String)} AND arm = 'treated' AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
) AS others USING (customer_key)
LEFT JOIN
(
    SELECT customer_key, groupBitOr(toUInt8(bitShiftLeft(1, indexOf({channels:Array(String)}, toString(channel)) - 1))) AS address
    FROM
    (
        SELECT customer_key, channel, argMax(address, updated_at) AS latest
        FROM contacts
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND channel IN {channels:Array(String)}
        GROUP BY customer_key, channel
    )
    WHERE latest != ''
    GROUP BY customer_key
) AS addresses USING (customer_key)
LEFT JOIN
(
    -- The last word on each channel: its second, whether it was yes, and the channel, in one number.
    SELECT customer_key, groupArray(toUInt64(toUInt32(given)) * 256 + standing * 128 + indexOf({channels:Array(String)}, toString(channel))) AS consents
    FROM
    (
        -- Of a grant and a withdrawal at the same second, the withdrawal counts.
        SELECT customer_key, channel, max(at) AS given, argMax(granted, toUInt64(toUInt32(at)) * 2 + (granted = 0)) AS standing
        FROM consents
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND channel IN {channels:Array(String)}
          AND purpose = {purpose:String} AND night = 0 AND at <= {moment:DateTime('UTC')}
        GROUP BY customer_key, channel
    )
    GROUP BY customer_key
) AS consented USING (customer_key)
LEFT JOIN
(
    -- Asked only where an objection counts.
    SELECT customer_key, toUInt8(argMax(granted, toUInt64(toUInt32(at)) * 2 + (granted = 0)) = 0) AS objected
    FROM consents
    WHERE {objections:UInt8} = 1 AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND purpose = 'profiling' AND at <= {moment:DateTime('UTC')}
    GROUP BY customer_key
) AS objections USING (customer_key)
LEFT JOIN
(
    -- Asked only where own customers need no consent.
    SELECT customer_key, toUInt32(max(at)) AS bought
    FROM transactions
    WHERE {own:UInt8} = 1 AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND kind = 'purchase'
      AND at >= {bought_from:DateTime('UTC')} AND at <= {moment:DateTime('UTC')}
    GROUP BY customer_key
) AS purchases USING (customer_key)
LEFT JOIN
(
    SELECT customer_key, groupBitOr(toUInt8(if(channel = '', 255, bitShiftLeft(1, indexOf({channels:Array(String)}, toString(channel)) - 1)))) AS suppressed
    FROM suppressions
    WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND (channel = '' OR channel IN {channels:Array(String)})
      AND at <= {moment:DateTime('UTC')} AND (toUInt32(until) = 0 OR until > {moment:DateTime('UTC')})
    GROUP BY customer_key
) AS suppressions USING (customer_key)
LEFT JOIN
(
    SELECT customer_key, groupArray(way) AS contact_channels, groupArray(stamp) AS contact_times
    FROM
    (
        -- A reservation and the message that used it are one contact.
        SELECT customer_key, any(bit) AS way, min(second) AS stamp
        FROM
        (
            SELECT customer_key, campaign, occurrence, touch, toUInt8(indexOf({channels:Array(String)}, toString(channel))) AS bit,
                   toUInt32(toUnixTimestamp(minIf(at, state IN ('unknown', 'sent', 'delivered', 'bounced')))) AS second
            FROM delivery_events
            WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND at > {contacts_from:DateTime('UTC')} AND at <= {moment:DateTime('UTC')}
              AND NOT (campaign = {campaign:String} AND occurrence = {occurrence:UInt32})
            GROUP BY customer_key, campaign, occurrence, touch, channel, attempt
            HAVING max(state) IN ('unknown', 'sent', 'delivered', 'bounced')
            UNION ALL
            SELECT customer_key, campaign, occurrence, touch, toUInt8(indexOf({channels:Array(String)}, toString(channel))) AS bit, toUInt32(at) AS second
            FROM reservations
            WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND at > {contacts_from:DateTime('UTC')} AND at < {contacts_to:DateTime('UTC')}
              AND NOT (campaign = {campaign:String} AND occurrence = {occurrence:UInt32})
            GROUP BY customer_key, at, campaign, occurrence, plan, touch, channel
            HAVING max(released) = 0
        )
        GROUP BY customer_key, campaign, occurrence, touch
    )
    GROUP BY customer_key
) AS contacted USING (customer_key)
ORDER BY customer_key
