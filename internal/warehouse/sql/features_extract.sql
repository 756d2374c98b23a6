-- All features of one range of customers, strictly before the instant. The range is one of the primary key, so that only its slice is read.
-- Categories and brands are summed by (customer, name) first: arrays of names per customer would be copied for each distinct name.
-- The top one is found by one number, its spend and 16 bits of its hash, which is twice as fast as comparing tuples and as definite.
-- A zone is given as its distance from UTC at the start of the year before the instant, and up to four later changes of it.
-- With a cohort, only customers whom that campaign treated, one in part of them: what a model is fitted on.
WITH
    toUInt32({instant:DateTime('UTC')}) AS instant,
    instant - 365 * 86400 AS year_ago,
    transform(zone, {zones:Array(String)}, {offsets:Array(Int32)}, {offset:Int32}) AS offset,
    transform(zone, {zones:Array(String)}, {at1:Array(UInt32)}, {default_at1:UInt32}) AS at1,
    transform(zone, {zones:Array(String)}, {by1:Array(Int32)}, {default_by1:Int32}) AS by1,
    transform(zone, {zones:Array(String)}, {at2:Array(UInt32)}, {default_at2:UInt32}) AS at2,
    transform(zone, {zones:Array(String)}, {by2:Array(Int32)}, {default_by2:Int32}) AS by2,
    transform(zone, {zones:Array(String)}, {at3:Array(UInt32)}, {default_at3:UInt32}) AS at3,
    transform(zone, {zones:Array(String)}, {by3:Array(Int32)}, {default_by3:Int32}) AS by3,
    transform(zone, {zones:Array(String)}, {at4:Array(UInt32)}, {default_at4:UInt32}) AS at4,
    transform(zone, {zones:Array(String)}, {by4:Array(Int32)}, {default_by4:Int32}) AS by4,
    cohort AS
    (
        SELECT customer_key FROM audience
        WHERE campaign = {cohort:String} AND occurrence = {cohort_occurrence:UInt32} AND toString(arm) IN {arms:Array(String)}
          AND cityHash64(customer_key) % {part:UInt32} = 0
    )
SELECT
    {snapshot:String} AS snapshot,
    customer_key,
    segment, region, zone, language, gender, age, tenure_days,
    if(purchases = 0, 65535, toUInt16(least(65534, intDiv(instant - last, 86400)))) AS recency_days,
    purchases, purchases_90d, spend, spend_28d,
    arraySum(arraySlice(months, 1, 3)) AS spend_90d,
    if(empty(months), arrayWithConstant(12, toInt64(0)), months) AS spend_months,
    if(purchases < 2, 0, toFloat32((last - first) / 86400 / (purchases - 1))) AS rhythm_days,
    shares AS category_shares, top_category, top_brand,
    arrayMap(hour -> toUInt16(least(65535, countEqual(
        arrayMap(t -> toUInt8(intDiv(toInt64(t) + offset + if(t >= at1, by1, 0) + if(t >= at2, by2, 0) + if(t >= at3, by3, 0) + if(t >= at4, by4, 0), 3600) % 24), bought),
        hour))), range(24)) AS purchase_hours,
    arrayMap(hour -> toUInt16(least(65535, countEqual(
        arrayMap(t -> toUInt8(intDiv(toInt64(t) + offset + if(t >= at1, by1, 0) + if(t >= at2, by2, 0) + if(t >= at3, by3, 0) + if(t >= at4, by4, 0), 3600) % 24), answered),
        hour))), range(24)) AS response_hours,
    toUInt16(least(65535, messages)) AS messages_180d,
    toUInt16(least(65535, responses)) AS responses_180d
FROM
(
    SELECT
        customer_key, segment, region, zone, language, gender,
        toUInt8(if(birth_year = 0, 0, greatest(0, least(255, toInt32(toYear(toDateTime(instant, 'UTC'))) - toInt32(birth_year))))) AS age,
        toUInt16(if(joined = toDate(0), 0, greatest(0, least(65535, intDiv(instant, 86400) - toInt32(toUInt16(joined)))))) AS tenure_days
    FROM
    (
        SELECT customer_key, segment, region, zone, language, gender, birth_year, joined
        FROM customers
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
          AND ({cohort:String} = '' OR customer_key IN (SELECT customer_key FROM cohort))
        ORDER BY customer_key, updated_at DESC
        LIMIT 1 BY customer_key
    )
) AS people
LEFT JOIN
(
    SELECT
        customer_key,
        countIf(kind = 'purchase' AND line = 1) AS purchases,
        countIf(kind = 'purchase' AND line = 1 AND toUInt32(at) >= instant - 90 * 86400) AS purchases_90d,
        toUInt32(maxIf(at, kind = 'purchase' AND line = 1)) AS last,
        toUInt32(minIf(at, kind = 'purchase' AND line = 1)) AS first,
        sum(net) AS spend,
        sumIf(net, toUInt32(at) >= instant - 28 * 86400) AS spend_28d,
        [sumIf(net, month = 0), sumIf(net, month = 1), sumIf(net, month = 2), sumIf(net, month = 3),
         sumIf(net, month = 4), sumIf(net, month = 5), sumIf(net, month = 6), sumIf(net, month = 7),
         sumIf(net, month = 8), sumIf(net, month = 9), sumIf(net, month = 10), sumIf(net, month = 11)] AS months,
        groupArrayIf(toUInt32(at), kind = 'purchase' AND line = 1 AND toUInt32(at) >= year_ago) AS bought
    FROM
    (
        SELECT
            customer_key, at, kind, line,
            multiIf(currency != {currency:String}, 0, kind = 'purchase', amount, -amount) AS net,
            toUInt8(least(12, intDiv(instant - toUInt32(at) - 1, 30 * 86400))) AS month
        FROM transactions
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND at < {instant:DateTime('UTC')}
          AND ({cohort:String} = '' OR customer_key IN (SELECT customer_key FROM cohort))
    )
    GROUP BY customer_key
) AS totals USING (customer_key)
LEFT JOIN
(
    SELECT
        customer_key,
        mapFromArrays(groupArrayIf(category, net > 0), arrayMap(n -> toFloat32(n / sumIf(net, net > 0)), groupArrayIf(net, net > 0))) AS shares,
        argMaxIf(category, net * 65536 + toInt64(cityHash64(category) % 65536), net > 0) AS top_category
    FROM
    (
        SELECT customer_key, category, sum(if(kind = 'purchase', amount, -amount)) AS net
        FROM transactions
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND currency = {currency:String} AND category != ''
          AND at < {instant:DateTime('UTC')} AND at >= {instant:DateTime('UTC')} - 365 * 86400
          AND ({cohort:String} = '' OR customer_key IN (SELECT customer_key FROM cohort))
        GROUP BY customer_key, category
    )
    GROUP BY customer_key
) AS categories USING (customer_key)
LEFT JOIN
(
    SELECT customer_key, argMaxIf(brand, net * 65536 + toInt64(cityHash64(brand) % 65536), net > 0) AS top_brand
    FROM
    (
        SELECT customer_key, brand, sum(if(kind = 'purchase', amount, -amount)) AS net
        FROM transactions
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND currency = {currency:String} AND brand != ''
          AND at < {instant:DateTime('UTC')} AND at >= {instant:DateTime('UTC')} - 365 * 86400
          AND ({cohort:String} = '' OR customer_key IN (SELECT customer_key FROM cohort))
        GROUP BY customer_key, brand
    )
    GROUP BY customer_key
) AS brands USING (customer_key)
LEFT JOIN
(
    SELECT
        customer_key,
        uniqExactIf(message, kind = 'delivered' AND toUInt32(at) >= instant - 180 * 86400) AS messages,
        uniqExactIf(id, kind IN ('open', 'click') AND toUInt32(at) >= instant - 180 * 86400) AS responses,
        arrayMap(answer -> answer.1, groupUniqArrayIf((toUInt32(at), id), kind IN ('open', 'click'))) AS answered
    FROM
    (
        SELECT customer_key, at, kind, id, cityHash64(campaign, occurrence, touch, if(campaign = '', id, 0)) AS message
        FROM interactions
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND kind IN ('delivered', 'open', 'click')
          AND at < {instant:DateTime('UTC')} AND at >= {instant:DateTime('UTC')} - 365 * 86400
          AND ({cohort:String} = '' OR customer_key IN (SELECT customer_key FROM cohort))
        UNION ALL
        SELECT customer_key, toDateTime(at, 'UTC'), 'delivered', 0, cityHash64(campaign, occurrence, touch, toUInt64(0))
        FROM delivery_events
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND state IN ('sent', 'delivered')
          AND at < {instant:DateTime('UTC')} AND at >= {instant:DateTime('UTC')} - 365 * 86400
          AND ({cohort:String} = '' OR customer_key IN (SELECT customer_key FROM cohort))
    )
    GROUP BY customer_key
) AS contacts USING (customer_key)
