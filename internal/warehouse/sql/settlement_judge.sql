-- Who of a range of customers earned what, and by which purchase. settlement.Judge is the same in Go and explains it for
-- one customer; property tests hold the two against each other. A message may have arrived when an attempt of it ended in
-- one of {states}, and it must have left by the time the window closed. Terms come as arrays, one entry for each offer; a
-- row's mask has a bit for each offer that it counts for. Most customers are ruled out by a sum that reads few columns.
WITH
    delivered AS
    (
        SELECT customer_key, arraySort(groupArray(left_at)) AS received
        FROM
        (
            SELECT customer_key, touch, toUnixTimestamp(min(first_at)) AS left_at
            FROM
            (
                SELECT customer_key, touch, attempt, max(state) AS final_state, minIf(at, state != 'planned') AS first_at
                FROM delivery_events
                WHERE {imported:UInt8} = 0 AND campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
                  AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
                GROUP BY customer_key, touch, attempt
                HAVING has({states:Array(String)}, toString(final_state))
            )
            WHERE first_at <= toDateTime64({closes:DateTime('UTC')}, 3, 'UTC')
            GROUP BY customer_key, touch
        )
        GROUP BY customer_key
    ),
    promised AS
    (
        SELECT customer_key, toUInt8(o) AS o, threshold, reward, received
        FROM
        (
            SELECT customer_key, indexOf({offers:Array(String)}, toString(offer)) AS o, threshold, reward
            FROM assignments
            WHERE {imported:UInt8} = 0 AND campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
              AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND reward > 0
            LIMIT 1 BY customer_key
        ) AS assigned
        INNER JOIN delivered USING (customer_key)
        WHERE o > 0
        UNION ALL
        SELECT customer_key, toUInt8(o) AS o, {thresholds:Array(Int64)}[o] AS threshold, {rewards:Array(Int64)}[o] AS reward, arraySort(groupArray(toUnixTimestamp(at))) AS received
        FROM
        (
            SELECT customer_key, at, indexOf({offers:Array(String)}, toString(touch)) AS o
            FROM interactions
            WHERE {imported:UInt8} = 1 AND campaign = {campaign:String} AND occurrence IN (0, {occurrence:UInt32}) AND kind = 'offer'
              AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND at <= {closes:DateTime('UTC')}
            LIMIT 1 BY customer_key, at, kind, id
        )
        WHERE o > 0
        GROUP BY customer_key, o
    ),
    -- Whoever spends less than a threshold in the whole window, whatever on, does not reach it. Doubles do not wrap around.
    spenders AS
    (
        SELECT customer_key, sum(toFloat64(amount)) * 1.000001 AS most, count() AS most_lines
        FROM transactions
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
          AND at >= {opens:DateTime('UTC')} AND at < {last:DateTime('UTC')}
          AND currency = {currency:String} AND kind = 'purchase'
        GROUP BY customer_key
        HAVING most >= {least:Float64}
    ),
    open_instances AS
    (
        SELECT
            customer_key, o, threshold, reward,
            toUInt16(toUInt16(o) * 256 + instance) AS slot, -- a receipt of an offer
            received[instance] AS left_at,
            {anchors:Array(UInt8)}[o] AS anchor,
            {withins:Array(UInt32)}[o] AS within,
            toUnixTimestamp({opens:DateTime('UTC')}) AS opening,
            toUnixTimestamp({closes:DateTime('UTC')}) AS closing,
            {starts:Array(UInt8)}[o] AS after_start,
            {ends:Array(UInt8)}[o] AS to_end,
            if(anchor = 1, greatest(opening, left_at), opening) + if(anchor = 2, 0, after_start) AS counts_from,
            least(toUnixTimestamp({known:DateTime('UTC')}), to_end + if(within = 0 OR anchor = 2, closing, least(closing, left_at + within))) AS counts_until
        FROM promised
        INNER JOIN spenders USING (customer_key)
        ARRAY JOIN range(1, least(length(received), {receipts:Array(UInt8)}[o]) + 1) AS instance
        WHERE most >= threshold AND most_lines >= {purchases:Array(UInt16)}[o]
    ),
    lines AS
    (
        SELECT
            customer_key, slot, at, id, amount, original, threshold, reward, anchor,
            kind = 'purchase' AS bought_line
        FROM transactions
        INNER JOIN open_instances USING (customer_key)
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
          AND at >= {opens:DateTime('UTC')} AND at < {known:DateTime('UTC')}
          AND currency = {currency:String}
          AND if(kind = 'purchase', toUnixTimestamp(at) >= counts_from AND toUnixTimestamp(at) < counts_until, {grosses:Array(UInt8)}[o] = 0)
          AND
          (
              (kind != 'purchase' AND product = '' AND category = '' AND brand = '' AND nature = '')
              OR bitTest(
                  bitAnd(
                      bitAnd(
                          transform(category, {categories:Array(String)}, {category_masks:Array(UInt64)}, {other_categories:UInt64}),
                          transform(brand, {brands:Array(String)}, {brand_masks:Array(UInt64)}, {other_brands:UInt64})),
                      bitAnd(
                          transform(nature, {natures:Array(String)}, {nature_masks:Array(UInt64)}, {other_natures:UInt64}),
                          if(kind != 'purchase', {every:UInt64},
                              bitAnd(
                                  bitAnd(
                                      transform(merchant, {merchants:Array(String)}, {merchant_masks:Array(UInt64)}, {other_merchants:UInt64}),
                                      transform(channel, {channels:Array(String)}, {channel_masks:Array(UInt64)}, {other_channels:UInt64})),
                                  bitAnd(
                                      if({timed:UInt8} = 0, {every:UInt64}, transform(toDayOfWeek(at, 0, {zone:String}), {days:Array(UInt8)}, {day_masks:Array(UInt64)}, {every:UInt64})),
                                      if({timed:UInt8} = 0, {every:UInt64}, transform(toUInt16(toHour(at, {zone:String}) * 60 + toMinute(at, {zone:String})), {minutes:Array(UInt16)}, {minute_masks:Array(UInt64)}, {every:UInt64}))))))),
                  o - 1)
          )
        LIMIT 1 BY customer_key, slot, at, id, line, kind
    ),
    purchases AS
    (
        SELECT
            customer_key, slot,
            if(bought_line, id, original) AS purchase,
            any(threshold) AS goal,
            any(reward) AS gives,
            minIf(toUnixTimestamp(at), bought_line) AS bought_at,
            sumIf(amount, bought_line) AS bought,
            sumIf(amount, NOT bought_line) AS taken,
            greatest(bought - taken, 0) AS net,
            max(amount) AS largest,
            count() AS n,
            groupArrayIf((toUnixTimestamp(at), amount), bought_line AND anchor = 2) AS parts
        FROM lines
        GROUP BY customer_key, slot, purchase
        HAVING countIf(bought_line) > 0
    ),
    customers_in_order AS
    (
        SELECT
            customer_key, slot, intDiv(slot, 256) AS o, any(goal) AS threshold, any(gives) AS reward,
            {singles:Array(UInt8)}[o] AS single,
            {stricts:Array(UInt8)}[o] AS strict,
            {purchases:Array(UInt16)}[o] AS needed,
            {times:Array(UInt8)}[o] AS most_times,
            {tiers:Array(Array(Int64))}[o] AS tier_thresholds,
            {tier_rewards:Array(Array(Int64))}[o] AS tier_gives,
            throwIf(max(largest) > intDiv(9223372036854775807, sum(n)), 'amounts beyond 64 bits') AS fits,
            min(bought_at) AS first_at,
            toInt64(first_at) + {starts:Array(UInt8)}[o] AS first_from,
            least(toInt64(toUnixTimestamp({known:DateTime('UTC')})), {ends:Array(UInt8)}[o]
                + least(toInt64(toUnixTimestamp({closes:DateTime('UTC')})), if({withins:Array(UInt32)}[o] = 0, 9223372036854775807, toInt64(first_at) + {withins:Array(UInt32)}[o]))) AS first_until,
            groupArrayIf((bought_at, purchase, net), net > 0 AND empty(parts)) AS plain,
            groupArrayIf((purchase, taken, parts), notEmpty(parts)) AS anchored,
            arrayFilter(p -> p.3 > 0, arrayMap(
                p -> (arrayMin(q -> q.1, arrayFilter(q -> q.1 >= first_from AND q.1 < first_until, p.3)) AS anchored_at, p.1,
                      arraySum(q -> q.2, arrayFilter(q -> q.1 >= first_from AND q.1 < first_until, p.3)) - p.2),
                arrayFilter(p -> arrayExists(q -> q.1 >= first_from AND q.1 < first_until, p.3), anchored))) AS anchored_plain,
            arraySort(p -> (p.1, p.2), arrayConcat(plain, anchored_plain)) AS in_order,
            arrayMap(p -> p.3, in_order) AS nets,
            if(single = 1, nets, arrayCumSum(nets)) AS measured
        FROM purchases
        GROUP BY customer_key, slot
        HAVING fits = 0 AND notEmpty(in_order) AND (if(single = 1, arrayMax(measured), measured[-1]) > threshold OR (if(single = 1, arrayMax(measured), measured[-1]) = threshold AND strict = 0))
    ),
    stepped AS
    (
        SELECT
            customer_key, slot, o, in_order, measured, single, strict, step,
            toInt128(if(step > most_times, tier_thresholds[step - most_times], threshold)) * if(single = 1 OR step > most_times, 1, step) AS goal,
            needed * if(step > most_times, 1, step) AS goal_purchases,
            if(step > most_times, tier_gives[step - most_times], reward) AS gives,
            if(single = 1,
                arrayFirstIndex(n -> n >= goal_purchases, arrayCumSum(m -> m > goal OR (m = goal AND strict = 0), measured)),
                arrayFirstIndex((m, n) -> n >= goal_purchases AND (m > goal OR (m = goal AND strict = 0)), measured, arrayEnumerate(measured))) AS by
        FROM customers_in_order
        ARRAY JOIN range(1, toUInt16(most_times + length(tier_thresholds)) + 1) AS step
        WHERE step > most_times OR if(single = 1, length(measured) >= goal_purchases, measured[-1] >= goal)
    ),
    earned AS
    (
        SELECT
            customer_key, o,
            toUInt16((slot % 256 - 1) * {rounds:Array(UInt16)}[o] + step) AS round,
            in_order[by].1 AS earned_at,
            in_order[by].2 AS purchase,
            {millionths:Array(UInt32)}[o] AS share,
            if(share > 0 AND single = 0, measured[-1], measured[by]) AS spend,
            if(share = 0, gives, toInt64(least(toInt128(gives), intDiv(toInt128(spend) * share, 1000000)))) AS ask
        FROM stepped
        WHERE by > 0 AND ask > 0
    ),
    within_days AS
    (
        SELECT
            *,
            {day_caps:Array(Int64)}[o] AS day_cap,
            if(day_cap = 0, ask, least(ask, greatest(0, day_cap - sum(ask) OVER (PARTITION BY customer_key, o, if(day_cap = 0, toDate(0), toDate(toDateTime(earned_at, 'UTC'), {zone:String})) ORDER BY earned_at, purchase, round ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) + ask))) AS day_ask
        FROM earned
    ),
    within_caps AS
    (
        SELECT
            *,
            {caps:Array(Int64)}[o] AS cap,
            if(cap = 0, day_ask, least(day_ask, greatest(0, cap - sum(day_ask) OVER (PARTITION BY customer_key, o ORDER BY earned_at, purchase, round ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) + day_ask))) AS due
        FROM within_days
    )
SELECT
    {campaign:String} AS campaign, {occurrence:UInt32} AS occurrence, toDate({launch:Date}) AS launch, {attempt:UInt64} AS attempt,
    customer_key, {offers:Array(String)}[o] AS offer, round, toDateTime(earned_at, 'UTC') AS qualified_at, purchase, spend, due, {currency:String} AS currency
FROM within_caps
WHERE due > 0
