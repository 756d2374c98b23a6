-- Who of a range of customers earned what, and by which purchase. settlement.Judge is the same in Go and explains it for
-- one customer; property tests hold the two against each other. A message may have arrived when an attempt of it ended in
-- one of {states}, and it must have left by the time the window closed. Terms come as arrays, one entry for each offer; the
-- mask of a row has a bit for each offer that it counts for. Transactions are read once. Lines are gathered for a thousand
-- customers together, which takes a third of what an array for each takes, then taken apart by customer, and only then joined
-- with what each customer was promised: a row for each customer and receipt goes through the join, and not one for each line.
-- A step that uses another one twice is a level of its own: the engine writes the text of an alias out wherever it is used, and
-- with aliases of aliases of aliases that took more time than the judging (docs/decisions/0011-settlement-levels.md).
WITH
    (
        SELECT groupUniqArray(touch)
        FROM delivery_events
        WHERE {imported:UInt8} = 0 AND campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
          AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
    ) AS touches,
    -- One whole number as the key of an attempt: grouping millions of events by three columns takes twice as long.
    delivered AS
    (
        SELECT toUInt32(bitShiftRight(message, 24)) AS customer_key, arraySort(groupArray(left_at)) AS received
        FROM
        (
            SELECT bitShiftRight(attempted, 8) AS message, toUnixTimestamp(min(first_at)) AS left_at
            FROM
            (
                SELECT bitShiftLeft(toUInt64(customer_key), 32) + indexOf(touches, touch) * 256 + attempt AS attempted, max(state) AS final_state, min(at) AS first_at
                FROM delivery_events
                WHERE {imported:UInt8} = 0 AND campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
                  AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND state != 'planned'
                GROUP BY attempted
                HAVING has({states:Array(String)}, toString(final_state)) AND first_at <= toDateTime64({closes:DateTime('UTC')}, 3, 'UTC')
            )
            GROUP BY message
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
    -- Whoever may be among the promised: their lines alone are gathered.
    offered AS
    (
        SELECT customer_key
        FROM assignments
        WHERE {imported:UInt8} = 0 AND campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
          AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND reward > 0
        UNION ALL
        SELECT customer_key
        FROM interactions
        WHERE {imported:UInt8} = 1 AND campaign = {campaign:String} AND occurrence IN (0, {occurrence:UInt32}) AND kind = 'offer'
          AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
    ),
    receipts AS
    (
        SELECT
            customer_key, o, threshold, reward, received[instance] AS left_at,
            toUInt16(toUInt16(o) * 256 + instance) AS slot, -- a receipt of an offer
            {anchors:Array(UInt8)}[o] AS anchor,
            {withins:Array(UInt32)}[o] AS within
        FROM promised
        ARRAY JOIN range(1, least(length(received), {receipts:Array(UInt8)}[o]) + 1) AS instance
    ),
    open_instances AS
    (
        SELECT
            customer_key, slot, threshold, reward,
            bitShiftLeft(toUInt64(1), o - 1) AS bit,
            toUInt32(if(anchor = 1, greatest(toUnixTimestamp({opens:DateTime('UTC')}), left_at), toUnixTimestamp({opens:DateTime('UTC')}))
                + if(anchor = 2, 0, {starts:Array(UInt8)}[o])) AS counts_from,
            toUInt32(least(toUnixTimestamp({known:DateTime('UTC')}), {ends:Array(UInt8)}[o] + if(within = 0 OR anchor = 2,
                toUnixTimestamp({closes:DateTime('UTC')}), least(toUnixTimestamp({closes:DateTime('UTC')}), left_at + within)))) AS counts_until,
            {grosses:Array(UInt8)}[o] = 0 AS refundable
        FROM receipts
    ),
    marked AS
    (
        SELECT
            customer_key, toUnixTimestamp(at) AS second, kind = 'purchase' AS bought, amount, if(bought, id, original) AS purchase,
            -- What was bought comes first, the earliest at the front: seconds and line, below 2^63 = 9223372036854775808. What was taken
            -- has the highest bit, and else only tells which row it is: when it came plays no part.
            if(bought, bitShiftLeft(toUInt64(second), 16) + line, bitOr(bitShiftLeft(toUInt64(1), 63), bitShiftRight(cityHash64(id, line, second, toInt8(kind)), 1))) AS key,
            if(NOT bought AND product = '' AND category = '' AND brand = '' AND nature = '', {every:UInt64},
                bitAnd(
                    bitAnd(
                        transform(category, {categories:Array(String)}, {category_masks:Array(UInt64)}, {other_categories:UInt64}),
                        transform(brand, {brands:Array(String)}, {brand_masks:Array(UInt64)}, {other_brands:UInt64})),
                    bitAnd(
                        transform(nature, {natures:Array(String)}, {nature_masks:Array(UInt64)}, {other_natures:UInt64}),
                        if(NOT bought, {every:UInt64},
                            bitAnd(
                                bitAnd(
                                    transform(merchant, {merchants:Array(String)}, {merchant_masks:Array(UInt64)}, {other_merchants:UInt64}),
                                    transform(channel, {channels:Array(String)}, {channel_masks:Array(UInt64)}, {other_channels:UInt64})),
                                bitAnd(
                                    if({timed:UInt8} = 0, {every:UInt64}, transform(toDayOfWeek(at, 0, {zone:String}), {days:Array(UInt8)}, {day_masks:Array(UInt64)}, {every:UInt64})),
                                    if({timed:UInt8} = 0, {every:UInt64}, transform(toUInt16(toHour(at, {zone:String}) * 60 + toMinute(at, {zone:String})), {minutes:Array(UInt16)}, {minute_masks:Array(UInt64)}, {every:UInt64})))))))) AS mask
        FROM transactions
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
          AND at >= {opens:DateTime('UTC')} AND at < {known:DateTime('UTC')}
          AND currency = {currency:String}
    ),
    bundled AS
    (
        SELECT groupArray(customer_key) AS customers, groupArray(purchase) AS purchases, groupArray(key) AS keys, groupArray(amount) AS amounts, groupArray(mask) AS masks
        FROM marked
        WHERE mask != 0 AND customer_key IN (SELECT customer_key FROM offered)
        GROUP BY intDiv(customer_key, 1024)
    ),
    by_customer AS
    (
        SELECT arraySort((line, c) -> c, arrayZip(customers, purchases, keys, amounts, masks), customers) AS lines
        FROM bundled
    ),
    gathered AS
    (
        SELECT customer.1[1] AS customer_key, arrayZip(customer.2, customer.3, customer.4) AS all_lines, customer.3 AS all_keys, customer.5 AS masks
        FROM (SELECT arraySplit((line, step) -> step != 0, lines, arrayDifference(lines.1)) AS apart FROM by_customer)
        ARRAY JOIN apart AS customer
    ),
    opened AS
    (
        SELECT
            customer_key, slot, intDiv(slot, 256) AS o, threshold, reward,
            arrayFilter(
                (line, k, m) -> bitAnd(m, bit) != 0 AND if(k < 9223372036854775808, toUInt32(bitShiftRight(k, 16)) >= counts_from AND toUInt32(bitShiftRight(k, 16)) < counts_until, refundable),
                all_lines, all_keys, masks) AS unsorted
        FROM gathered
        INNER JOIN open_instances USING (customer_key)
    ),
    -- With an anchor at the first purchase the period is known only now.
    anchored AS
    (
        SELECT
            customer_key, slot, o, threshold, reward, unsorted,
            {anchors:Array(UInt8)}[o] = 2 AS by_first, {starts:Array(UInt8)}[o] AS after_start, {ends:Array(UInt8)}[o] AS to_end, {withins:Array(UInt32)}[o] AS within,
            toInt64(toUInt32(bitShiftRight(arrayMin(unsorted.2), 16))) AS first_at
        FROM opened
        WHERE notEmpty(unsorted) AND arraySum(arrayMap((k, a) -> if(k < 9223372036854775808, toFloat64(a), 0), unsorted.2, unsorted.3)) * 1.000001 >= threshold -- doubles do not wrap around
    ),
    in_order AS
    (
        SELECT
            customer_key, slot, o, threshold, reward,
            if(by_first, first_at + after_start, 0) AS first_from,
            if(by_first, to_end + if(within = 0, 4294967295, first_at + within), 4294967296) AS first_until,
            arraySort(unsorted) AS with_twins
        FROM anchored
    ),
    counted AS
    (
        SELECT
            customer_key, slot, o, threshold, reward,
            arrayFilter(
                (line, k, p, dk, a, n) -> (n = 1 OR p != 0 OR dk != 0 OR a != 0)
                    AND (k >= 9223372036854775808 OR (toUInt32(bitShiftRight(k, 16)) >= first_from AND toUInt32(bitShiftRight(k, 16)) < first_until)),
                with_twins, with_twins.2, arrayDifference(with_twins.1), arrayDifference(with_twins.2), arrayDifference(with_twins.3), arrayEnumerate(with_twins.1)) AS lines
        FROM in_order
    ),
    bordered AS
    (
        SELECT
            customer_key, slot, o, threshold, reward, lines.1 AS purchases, lines.2 AS keys, lines.3 AS amounts,
            arrayMap((p, n) -> p != 0 OR n = 1, arrayDifference(lines.1), arrayEnumerate(lines.1)) AS is_first
        FROM counted
    ),
    in_purchases AS
    (
        SELECT
            customer_key, slot, o, threshold, reward,
            arrayFilter((p, f) -> f, purchases, is_first) AS purchase_ids,
            arrayFilter((k, f) -> f, keys, is_first) AS fronts, -- of a refund, where no line of the purchase counts
            arraySplit((a, f) -> f, arrayMap((k, a) -> if(k < 9223372036854775808, a, -a), keys, amounts), is_first) AS signed
        FROM bordered
    ),
    netted AS
    (
        SELECT
            customer_key, slot, o, threshold, reward, purchase_ids, fronts,
            arrayMap((a, k) -> if(k < 9223372036854775808, greatest(arraySum(a), 0), 0), signed, fronts) AS nets,
            arrayMax(arrayMap((a, k) -> if(k < 9223372036854775808, greatest(arrayMax(a), -arrayMin(a)), 0), signed, fronts)) AS largest,
            arraySum(arrayMap((a, k) -> if(k < 9223372036854775808, length(a), 0), signed, fronts)) AS rows_counted
        FROM in_purchases
    ),
    measured_at_most AS
    (
        SELECT
            customer_key, slot, o, threshold, reward, purchase_ids, fronts, nets,
            {singles:Array(UInt8)}[o] AS single, {stricts:Array(UInt8)}[o] AS strict,
            throwIf(largest > intDiv(9223372036854775807, greatest(rows_counted, 1)), 'amounts beyond 64 bits') AS fits,
            if({singles:Array(UInt8)}[o] = 1, arrayMax(nets), arraySum(nets)) AS highest
        FROM netted
    ),
    -- One level higher than the arrays, or they would be worked out twice: to filter and to select.
    reaching AS
    (
        SELECT
            customer_key, slot, o, threshold, reward, single, strict,
            arraySort(arrayFilter(p -> p.3 > 0, arrayZip(arrayMap(k -> toUInt32(bitShiftRight(k, 16)), fronts), purchase_ids, nets))) AS in_time
        FROM measured_at_most
        WHERE fits = 0 AND highest > 0 AND (highest > threshold OR (highest = threshold AND strict = 0))
    ),
    running AS
    (
        SELECT
            customer_key, slot, o, threshold, reward, single, strict,
            {purchases:Array(UInt16)}[o] AS needed, {times:Array(UInt8)}[o] AS most_times,
            {tiers:Array(Array(Int64))}[o] AS tier_thresholds, {tier_rewards:Array(Array(Int64))}[o] AS tier_gives,
            in_time.1 AS seconds, in_time.2 AS purchase_ids,
            if(single = 1, in_time.3, arrayCumSum(in_time.3)) AS measured
        FROM reaching
    ),
    steps AS
    (
        SELECT
            customer_key, slot, o, seconds, purchase_ids, measured, single, strict, step,
            toInt128(if(step > most_times, tier_thresholds[step - most_times], threshold)) * if(single = 1 OR step > most_times, 1, step) AS goal,
            needed * if(step > most_times, 1, step) AS goal_purchases,
            if(step > most_times, tier_gives[step - most_times], reward) AS gives
        FROM running
        ARRAY JOIN range(1, toUInt16(most_times + length(tier_thresholds)) + 1) AS step
    ),
    stepped AS
    (
        SELECT
            customer_key, slot, o, seconds, purchase_ids, measured, single, step, gives,
            if(single = 1,
                arrayFirstIndex(n -> n >= goal_purchases, arrayCumSum(m -> m > goal64 OR (m = goal64 AND strict = 0), measured)),
                arrayFirstIndex((m, n) -> n >= goal_purchases AND (m > goal64 OR (m = goal64 AND strict = 0)), measured, arrayEnumerate(measured))) AS by
        FROM
        (
            SELECT *, toInt64(goal) AS goal64
            FROM steps
            WHERE if(single = 1, length(measured) >= goal_purchases, measured[-1] >= goal)
        )
    ),
    reached AS
    (
        SELECT
            customer_key, o, gives, seconds[by] AS earned_at, purchase_ids[by] AS purchase,
            toUInt16((slot % 256 - 1) * {rounds:Array(UInt16)}[o] + step) AS round,
            {millionths:Array(UInt32)}[o] AS share,
            if({millionths:Array(UInt32)}[o] > 0 AND single = 0, measured[-1], measured[by]) AS spend
        FROM stepped
        WHERE by > 0
    ),
    earned AS
    (
        SELECT customer_key, o, round, earned_at, purchase, spend, if(share = 0, gives, toInt64(least(toInt128(gives), intDiv(toInt128(spend) * share, 1000000)))) AS ask
        FROM reached
    ),
    within_days AS
    (
        SELECT
            *,
            {day_caps:Array(Int64)}[o] AS day_cap,
            if(day_cap = 0, ask, least(ask, greatest(0, day_cap - sum(ask) OVER (PARTITION BY customer_key, o, if(day_cap = 0, toDate(0), toDate(toDateTime(earned_at, 'UTC'), {zone:String})) ORDER BY earned_at, purchase, round ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) + ask))) AS day_ask
        FROM earned
        WHERE ask > 0
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
