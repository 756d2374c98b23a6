-- Who of a range of customers earned what, and by which purchase. settlement.Judge is the same in Go and explains it for
-- one customer; property tests hold the two against each other. A message may have arrived when an attempt of it ended in
-- one of {states}, and it must have left by the time the window closed. Terms come as arrays, one entry for each offer; the
-- mask of a row has a bit for each offer that it counts for. Transactions are read once; the lines of a receipt are gathered into
-- arrays only of numbers, and only those of receipts whose purchases come to the threshold are put in order and looked at.
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
            toUInt32(if(anchor = 1, greatest(opening, left_at), opening) + if(anchor = 2, 0, after_start)) AS counts_from,
            toUInt32(least(toUnixTimestamp({known:DateTime('UTC')}), to_end + if(within = 0 OR anchor = 2, closing, least(closing, left_at + within)))) AS counts_until,
            bitShiftLeft(toUInt64(1), o - 1) AS bit,
            {grosses:Array(UInt8)}[o] = 0 AS refundable
        FROM promised
        ARRAY JOIN range(1, least(length(received), {receipts:Array(UInt8)}[o]) + 1) AS instance
    ),
    -- Only numbers go through the join: texts would be copied for each line and receipt.
    marked AS
    (
        SELECT
            customer_key, toUnixTimestamp(at) AS second, id, line, amount, toInt8(kind) AS sort, kind = 'purchase' AS bought, if(bought, id, original) AS purchase,
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
    gathered AS
    (
        SELECT
            customer_key, slot, any(threshold) AS threshold, any(reward) AS reward,
            -- A line as one whole number, which sorts and compares fast: purchase, kind, second, id, line, amount.
            groupArray(bitShiftLeft(toUInt256(purchase), 184) + bitShiftLeft(toUInt256(sort), 176) + bitShiftLeft(toUInt256(second), 144)
                + bitShiftLeft(toUInt256(id), 80) + bitShiftLeft(toUInt256(line), 64) + toUInt256(toUInt64(amount))) AS unsorted
        FROM marked
        INNER JOIN open_instances USING (customer_key)
        WHERE bitAnd(mask, bit) != 0 AND if(bought, second >= counts_from AND second < counts_until, refundable)
        GROUP BY customer_key, slot
        HAVING sum(if(bought, toFloat64(amount), 0)) * 1.000001 >= threshold -- doubles do not wrap around
    ),
    customers_in_order AS
    (
        SELECT
            customer_key, slot, intDiv(slot, 256) AS o, threshold, reward,
            {singles:Array(UInt8)}[o] AS single,
            {stricts:Array(UInt8)}[o] AS strict,
            {purchases:Array(UInt16)}[o] AS needed,
            {times:Array(UInt8)}[o] AS most_times,
            {tiers:Array(Array(Int64))}[o] AS tier_thresholds,
            {tier_rewards:Array(Array(Int64))}[o] AS tier_gives,
            -- With an anchor at the first purchase the period is known only now.
            {anchors:Array(UInt8)}[o] = 2 AS anchored,
            toInt64(if(anchored, arrayMin(arrayMap(r -> if(toUInt8(bitShiftRight(r, 176)) = 1, toUInt32(bitShiftRight(r, 144)), 4294967295), unsorted)), 0)) AS first_at,
            if(anchored, first_at + {starts:Array(UInt8)}[o], 0) AS first_from,
            if(anchored, {ends:Array(UInt8)}[o] + if({withins:Array(UInt32)}[o] = 0, 4294967295, first_at + {withins:Array(UInt32)}[o]), 9223372036854775807) AS first_until,
            arraySort(unsorted) AS with_twins,
            arrayFilter((r, before) -> r != before, with_twins, arraySlice(arrayPushFront(with_twins, toUInt256(0)), 1, length(with_twins))) AS whole,
            if(anchored, arrayFilter(r -> toUInt8(bitShiftRight(r, 176)) != 1 OR (toUInt32(bitShiftRight(r, 144)) >= first_from AND toUInt32(bitShiftRight(r, 144)) < first_until), whole), whole) AS sorted,
            -- The lines of a purchase come first among its rows, the earliest at the front.
            arrayMap(r -> toUInt64(bitShiftRight(r, 184)), sorted) AS purchases,
            arrayMap(r -> toUInt8(bitShiftRight(r, 176)), sorted) AS sorts,
            arrayMap(r -> toInt64(toUInt64(r)), sorted) AS amounts,
            arrayMap((p, before) -> p != before, purchases, arraySlice(arrayPushFront(purchases, purchases[1] + 1), 1, length(purchases))) AS is_first,
            arraySlice(arrayPushBack(is_first, 1), 2) AS is_last,
            arrayFill((s, f) -> f, sorts, is_first) AS kinds_in_front, -- of rows of no purchase that counts, of a refund
            throwIf(arrayMax(arrayMap((a, k) -> if(k = 1, a, 0), amounts, kinds_in_front)) > intDiv(9223372036854775807, greatest(countEqual(kinds_in_front, 1), 1)), 'amounts beyond 64 bits') AS fits,
            arrayFilter((c, l) -> l, arrayCumSum(arrayMap((a, s) -> if(s = 1, a, -a), amounts, sorts)), is_last) AS totals,
            arrayMap((c, before) -> c - before, totals, arraySlice(arrayPushFront(totals, 0), 1, length(totals))) AS signed_nets,
            arrayFilter((r, f) -> f, sorted, is_first) AS fronts,
            arraySort(arrayFilter(p -> p.3 > 0, arrayZip(arrayMap(r -> toUInt32(bitShiftRight(r, 144)), fronts), arrayMap(r -> toUInt64(bitShiftRight(r, 184)), fronts), signed_nets))) AS in_order,
            in_order.3 AS nets,
            if(single = 1, nets, arrayCumSum(nets)) AS measured,
            if(single = 1, arrayMax(measured), measured[-1]) AS highest
        FROM gathered
    ),
    -- One level higher than the arrays, or they would be worked out twice: to filter and to select.
    reaching AS
    (
        SELECT customer_key, slot, o, threshold, reward, single, strict, needed, most_times, tier_thresholds, tier_gives, in_order, measured
        FROM customers_in_order
        WHERE fits = 0 AND notEmpty(in_order) AND (highest > threshold OR (highest = threshold AND strict = 0))
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
        FROM reaching
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
