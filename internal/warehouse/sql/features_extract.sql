-- All features of one range of customers, strictly before the instant. The range is one of the primary key, so that only its slice is read.
-- Nothing below reads a table but the three bounded sources, past_transactions, past_contacts and people: no feature can see what came later.
-- Transactions are read once. What is told apart by category, brand and hour goes through arrays of the customer's lines, sorted and summed
-- run by run: a hash table by (customer, category) and one by (customer, brand) took three times as long.
-- The top one is found by one number, its spend and 16 bits of its hash, which is as definite as comparing tuples.
-- A zone is given as its distance from UTC at the start of the year before the instant, and up to four later changes of it.
-- With a cohort, only customers of those arms of that campaign, one in part of them: what a model is fitted on.
WITH
    toUInt32({instant:DateTime('UTC')}) AS instant,
    instant - 365 * 86400 AS year_ago,
    cohort AS
    (
        SELECT customer_key FROM audience
        WHERE campaign = {cohort:String} AND occurrence = {cohort_occurrence:UInt32} AND toString(arm) IN {arms:Array(String)}
          AND cityHash64(customer_key) % {part:UInt32} = 0
    ),
    past_transactions AS
    (
        SELECT customer_key, toUInt32(at) AS t, kind, line, amount, currency, category, brand, channel
        FROM transactions
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND at < {instant:DateTime('UTC')}
          AND ({cohort:String} = '' OR customer_key IN (SELECT customer_key FROM cohort))
    ),
    past_contacts AS
    (
        SELECT customer_key, toUInt32(at) AS t, kind, channel, id, cityHash64(campaign, occurrence, touch, if(campaign = '', id, 0)) AS message
        FROM interactions
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
          AND at < {instant:DateTime('UTC')} AND at >= {instant:DateTime('UTC')} - 365 * 86400
          AND ({cohort:String} = '' OR customer_key IN (SELECT customer_key FROM cohort))
        UNION ALL
        SELECT customer_key, toUInt32(toDateTime(at, 'UTC')), 'delivered', channel, 0, cityHash64(campaign, occurrence, touch, toUInt64(0))
        FROM delivery_events
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND state IN ('sent', 'delivered')
          AND at < {instant:DateTime('UTC')} AND at >= {instant:DateTime('UTC')} - 365 * 86400
          AND ({cohort:String} = '' OR customer_key IN (SELECT customer_key FROM cohort))
    ),
    people AS
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
    ),
    (SELECT groupArray(toString(category)) FROM (SELECT category FROM past_transactions GROUP BY category)) AS category_names,
    (SELECT groupArray(toString(brand)) FROM (SELECT brand FROM past_transactions GROUP BY brand)) AS brand_names,
    arrayMap(name -> cityHash64(name), category_names) AS category_ids,
    arrayMap(name -> cityHash64(name), brand_names) AS brand_ids
SELECT
    {snapshot:String} AS snapshot,
    customer_key,
    segment, region, zone, language, gender, age, tenure_days,
    if(purchases = 0, 65535, toUInt16(least(65534, intDiv(instant - last, 86400)))) AS recency_days,
    purchases, purchases_90d, spend, spend_28d, spend_90d,
    if(empty(months), arrayWithConstant(12, toInt64(0)), months) AS spend_months,
    if(purchases < 2, 0, toFloat32((last - first) / 86400 / (purchases - 1))) AS rhythm_days,
    mapFromArrays(
        CAST(arrayMap(id -> transform(id, category_ids, category_names, ''), category_keys), 'Array(LowCardinality(String))'),
        arrayMap(n -> toFloat32(n / category_total), category_nets)) AS category_shares,
    toLowCardinality(transform(top_category_id, category_ids, category_names, '')) AS top_category,
    toLowCardinality(transform(top_brand_id, brand_ids, brand_names, '')) AS top_brand,
    arrayMap(n -> toUInt16(least(65535, n)), [
        countEqual(hours, 0), countEqual(hours, 1), countEqual(hours, 2), countEqual(hours, 3), countEqual(hours, 4), countEqual(hours, 5),
        countEqual(hours, 6), countEqual(hours, 7), countEqual(hours, 8), countEqual(hours, 9), countEqual(hours, 10), countEqual(hours, 11),
        countEqual(hours, 12), countEqual(hours, 13), countEqual(hours, 14), countEqual(hours, 15), countEqual(hours, 16), countEqual(hours, 17),
        countEqual(hours, 18), countEqual(hours, 19), countEqual(hours, 20), countEqual(hours, 21), countEqual(hours, 22), countEqual(hours, 23)]) AS purchase_hours,
    arrayMap(n -> toUInt16(least(65535, n)), [
        countEqual(answer_hours, 0), countEqual(answer_hours, 1), countEqual(answer_hours, 2), countEqual(answer_hours, 3), countEqual(answer_hours, 4), countEqual(answer_hours, 5),
        countEqual(answer_hours, 6), countEqual(answer_hours, 7), countEqual(answer_hours, 8), countEqual(answer_hours, 9), countEqual(answer_hours, 10), countEqual(answer_hours, 11),
        countEqual(answer_hours, 12), countEqual(answer_hours, 13), countEqual(answer_hours, 14), countEqual(answer_hours, 15), countEqual(answer_hours, 16), countEqual(answer_hours, 17),
        countEqual(answer_hours, 18), countEqual(answer_hours, 19), countEqual(answer_hours, 20), countEqual(answer_hours, 21), countEqual(answer_hours, 22), countEqual(answer_hours, 23)]) AS response_hours,
    toUInt16(least(65535, messages)) AS messages_180d,
    toUInt16(least(65535, responses)) AS responses_180d,
    -- From here on, NaN is what is not known.
    purchases_28d, purchases_365d, spend_365d,
    forecast_28d,
    toFloat32(if(purchases_365d = 0, nan, gross / purchases_365d)) AS basket_365d,
    largest_365d,
    toFloat32(if(gross = 0, nan, refunded / gross)) AS refund_share_365d,
    toFloat32(if(spend_90d <= 0, nan, greatest(0, spend_28d) * 90 / 28 / spend_90d)) AS spend_slope_28d,
    toFloat32(if(spend_365d <= 0, nan, greatest(0, spend_90d) * 365 / 90 / spend_365d)) AS spend_slope_90d,
    toFloat32(if(purchases_90d = 0, nan, purchases_28d * 90 / 28 / purchases_90d)) AS purchases_slope_28d,
    toFloat32(if(purchases_365d = 0, nan, purchases_90d * 365 / 90 / purchases_365d)) AS purchases_slope_90d,
    toFloat32(if(half_year <= 0, nan, (5 * (months[1] - months[6]) + 3 * (months[2] - months[5]) + months[3] - months[4]) * 6 / 35 / half_year)) AS spend_trend_180d,
    active_months,
    toFloat32(if(purchases < 2 OR last = first, nan, (instant - last) * (purchases - 1) / (last - first))) AS recency_to_rhythm,
    toFloat32(if(length(gaps) < 2 OR gap_mean = 0, nan, sqrt(greatest(0, arraySum(gap -> toFloat64(gap) * gap, gaps) / length(gaps) - gap_mean * gap_mean)) / gap_mean)) AS rhythm_spread_365d,
    toFloat32(if(empty(gaps), nan, arrayMax(gaps) / 86400)) AS longest_gap_days,
    toUInt16(least(65535, length(category_keys))) AS categories_365d,
    toFloat32(if(category_total = 0, nan, arraySum(n -> -n / category_total * log(n / category_total), category_nets))) AS category_entropy,
    toFloat32(if(category_total = 0, nan, arrayMax(category_nets) / category_total)) AS top_category_share,
    toUInt16(least(65535, new_categories)) AS new_categories_90d,
    toUInt16(least(65535, brand_count)) AS brands_365d,
    toFloat32(if(brand_total = 0, nan, brand_disorder)) AS brand_entropy,
    toFloat32(if(brand_total = 0, nan, brand_most / brand_total)) AS top_brand_share,
    toFloat32(if(empty(hours), nan, arrayCount(h -> h >= 6 AND h < 11, hours) / length(hours))) AS morning_share,
    toFloat32(if(empty(hours), nan, arrayCount(h -> h >= 11 AND h < 14, hours) / length(hours))) AS midday_share,
    toFloat32(if(empty(hours), nan, arrayCount(h -> h >= 17 AND h < 22, hours) / length(hours))) AS evening_share,
    toFloat32(if(empty(hours), nan, arrayCount(h -> h >= 22 OR h < 6, hours) / length(hours))) AS night_share,
    toFloat32(if(empty(hours), nan, arraySum(n -> if(n = 0, 0, -n / length(hours) * log(n / length(hours))), purchase_hours))) AS hour_entropy,
    toFloat32(if(empty(bought), nan, arrayCount(l -> intDiv(l, 86400) % 7 IN (2, 3), locals) / length(locals))) AS weekend_share,
    toFloat32(if(empty(bought), nan, arrayCount(l -> intDiv(l, 86400) % 7 = 1, locals) / length(locals))) AS friday_share,
    toFloat32(if(purchases_365d = 0, nan, online / purchases_365d)) AS online_share_365d,
    toFloat32(if(purchases_365d = 0, nan, by_app / purchases_365d)) AS app_share_365d,
    toFloat32(if(new_school = 0 OR new_school < instant - 180 * 86400 OR new_school < first + 60 * 86400, nan, (instant - new_school) / 86400)) AS new_education_days,
    toFloat32(if(new_kids = 0 OR new_kids < instant - 180 * 86400 OR new_kids < first + 60 * 86400, nan, (instant - new_kids) / 86400)) AS new_kids_days,
    toFloat32(if(new_home = 0 OR new_home < instant - 180 * 86400 OR new_home < first + 60 * 86400, nan, (instant - new_home) / 86400)) AS new_home_days,
    toUInt16(least(65535, messages_28d)) AS messages_28d,
    toFloat32(if(messages = 0, nan, responses / messages)) AS response_rate_180d,
    toFloat32(if(last_response = 0, nan, (instant - last_response) / 86400)) AS response_days,
    toFloat32(if(last_message = 0, nan, (instant - last_message) / 86400)) AS message_days,
    toUInt16(least(65535, email_messages)) AS email_messages_180d, toUInt16(least(65535, email_responses)) AS email_responses_180d,
    toUInt16(least(65535, sms_messages)) AS sms_messages_180d, toUInt16(least(65535, sms_responses)) AS sms_responses_180d,
    toUInt16(least(65535, kakao_messages)) AS kakao_messages_180d, toUInt16(least(65535, kakao_responses)) AS kakao_responses_180d,
    toUInt16(least(65535, push_messages)) AS push_messages_180d, toUInt16(least(65535, push_responses)) AS push_responses_180d,
    toUInt16(least(65535, visits_90d)) AS visits_90d, toUInt16(least(65535, app_28d)) AS app_28d, toUInt16(least(65535, app_90d)) AS app_90d,
    toUInt16(least(65535, unsubscribed)) AS unsubscribes_365d,
    toFloat32(multiIf(lower(gender) IN ('f', 'female', 'woman', '여', '여성', '여자'), 1, lower(gender) IN ('m', 'male', 'man', '남', '남성', '남자'), 0, nan)) AS female
FROM
(
    SELECT
        *,
        arrayMap(t -> toUInt32(toInt64(t) + offset + if(t >= at1, by1, 0) + if(t >= at2, by2, 0) + if(t >= at3, by3, 0) + if(t >= at4, by4, 0)), bought) AS locals,
        arrayMap(l -> toUInt8(intDiv(l, 3600) % 24), locals) AS hours,
        arrayMap(t -> toUInt8(intDiv(toInt64(t) + offset + if(t >= at1, by1, 0) + if(t >= at2, by2, 0) + if(t >= at3, by3, 0) + if(t >= at4, by4, 0), 3600) % 24), answered) AS answer_hours
    FROM
    (
        SELECT
            *,
            transform(zone, {zones:Array(String)}, {offsets:Array(Int32)}, {offset:Int32}) AS offset,
            transform(zone, {zones:Array(String)}, {at1:Array(UInt32)}, {default_at1:UInt32}) AS at1,
            transform(zone, {zones:Array(String)}, {by1:Array(Int32)}, {default_by1:Int32}) AS by1,
            transform(zone, {zones:Array(String)}, {at2:Array(UInt32)}, {default_at2:UInt32}) AS at2,
            transform(zone, {zones:Array(String)}, {by2:Array(Int32)}, {default_by2:Int32}) AS by2,
            transform(zone, {zones:Array(String)}, {at3:Array(UInt32)}, {default_at3:UInt32}) AS at3,
            transform(zone, {zones:Array(String)}, {by3:Array(Int32)}, {default_by3:Int32}) AS by3,
            transform(zone, {zones:Array(String)}, {at4:Array(UInt32)}, {default_at4:UInt32}) AS at4,
            transform(zone, {zones:Array(String)}, {by4:Array(Int32)}, {default_by4:Int32}) AS by4
        FROM people
    ) AS located
    LEFT JOIN
    (
        SELECT
            * EXCEPT (categories, category_net, brands, brand_net, older_categories),
            arraySum(arraySlice(months, 1, 6)) AS half_year,
            arrayCount(n -> n > 0, months) AS active_months,
            -- The next four weeks go on as the last months went, the latest counting most, and less the longer the customer is overdue.
            toInt64(greatest(0, (0.40 * months[1] + 0.25 * months[2] + 0.15 * months[3] + 0.10 * months[4] + 0.06 * months[5] + 0.04 * months[6]) * 28 / 30
                * if(purchases < 2 OR last = first, 1, exp(-0.35 * greatest(0, (instant - last) * (purchases - 1) / (last - first) - 1))))) AS forecast_28d,
            arrayPopFront(arrayDifference(arraySort(bought))) AS gaps,
            arrayAvg(gaps) AS gap_mean,
            -- Sorted by category, a run of equal ones ends where the next one differs; the sum up to its end, less that of the run before, is its sum.
            arraySort(categories) AS cs,
            arrayCumSum(arraySort((n, c) -> c, category_net, categories)) AS category_sums,
            arrayMap((a, b) -> a != b, cs, arrayResize(arrayPopFront(cs), length(cs))) AS category_ends,
            arrayPopFront(arrayDifference(arrayPushFront(arrayFilter((s, e) -> e, category_sums, category_ends), toInt64(0)))) AS all_category_nets,
            arrayFilter((c, e) -> e, cs, category_ends) AS all_category_keys,
            arrayFilter((c, n) -> n > 0, all_category_keys, all_category_nets) AS category_keys,
            arrayFilter(n -> n > 0, all_category_nets) AS category_nets,
            arraySum(category_nets) AS category_total,
            arrayMap((c, n) -> n * 65536 + toInt64(c % 65536), category_keys, category_nets) AS category_order,
            if(empty(category_keys), 0, category_keys[indexOf(category_order, arrayMax(category_order))]) AS top_category_id,
            toInt32(length(all_category_keys)) - toInt32(arrayUniq(older_categories)) AS new_categories,
            arraySort(brands) AS bs,
            arrayCumSum(arraySort((n, b) -> b, brand_net, brands)) AS brand_sums,
            arrayMap((a, b) -> a != b, bs, arrayResize(arrayPopFront(bs), length(bs))) AS brand_ends,
            arrayPopFront(arrayDifference(arrayPushFront(arrayFilter((s, e) -> e, brand_sums, brand_ends), toInt64(0)))) AS all_brand_nets,
            arrayFilter((b, e) -> e, bs, brand_ends) AS all_brand_keys,
            arrayFilter((b, n) -> n > 0, all_brand_keys, all_brand_nets) AS brand_keys,
            arrayFilter(n -> n > 0, all_brand_nets) AS brand_nets,
            length(brand_keys) AS brand_count,
            arraySum(brand_nets) AS brand_total,
            arrayMax(brand_nets) AS brand_most,
            arraySum(n -> -n / brand_total * log(n / brand_total), brand_nets) AS brand_disorder,
            arrayMap((b, n) -> n * 65536 + toInt64(b % 65536), brand_keys, brand_nets) AS brand_order,
            if(empty(brand_keys), 0, brand_keys[indexOf(brand_order, arrayMax(brand_order))]) AS top_brand_id
        FROM
        (
            SELECT
                customer_key,
                countIf(buys) AS purchases,
                countIf(buys AND t >= instant - 28 * 86400) AS purchases_28d,
                countIf(buys AND t >= instant - 90 * 86400) AS purchases_90d,
                countIf(buys AND t >= year_ago) AS purchases_365d,
                maxIf(t, buys) AS last,
                minIf(t, buys) AS first,
                sum(net) AS spend,
                sumIf(net, t >= instant - 28 * 86400) AS spend_28d,
                sumIf(net, t >= year_ago) AS spend_365d,
                sumIf(net, t >= year_ago AND net > 0) AS gross,
                -sumIf(net, t >= year_ago AND net < 0) AS refunded,
                maxIf(net, t >= year_ago) AS largest_365d,
                [sumIf(net, month = 0), sumIf(net, month = 1), sumIf(net, month = 2), sumIf(net, month = 3),
                 sumIf(net, month = 4), sumIf(net, month = 5), sumIf(net, month = 6), sumIf(net, month = 7),
                 sumIf(net, month = 8), sumIf(net, month = 9), sumIf(net, month = 10), sumIf(net, month = 11)] AS months,
                months[1] + months[2] + months[3] AS spend_90d,
                countIf(buys AND t >= year_ago AND way > 0) AS online,
                countIf(buys AND t >= year_ago AND way = 2) AS by_app,
                minIf(t, sign = 1) AS new_school,
                minIf(t, sign = 2) AS new_kids,
                minIf(t, sign = 3) AS new_home,
                groupArrayIf(t, buys AND t >= year_ago) AS bought,
                groupArrayIf(category_id, in_category) AS categories,
                groupArrayIf(net, in_category) AS category_net,
                groupArrayIf(category_id, in_category AND t < instant - 90 * 86400) AS older_categories,
                groupArrayIf(brand_id, in_brand) AS brands,
                groupArrayIf(net, in_brand) AS brand_net
            FROM
            (
                SELECT
                    customer_key, t,
                    kind = 'purchase' AND line = 1 AS buys,
                    multiIf(currency != {currency:String}, 0, kind = 'purchase', amount, -amount) AS net,
                    toUInt8(least(12, intDiv(instant - t - 1, 30 * 86400))) AS month,
                    t >= year_ago AND currency = {currency:String} AS counts,
                    counts AND category != '' AS in_category,
                    counts AND brand != '' AS in_brand,
                    cityHash64(category) AS category_id,
                    cityHash64(brand) AS brand_id,
                    if(kind = 'purchase', transform(toString(category), ['education', 'academy', 'school', '교육·학원', '교육', '학원', 'kids', 'baby', 'toys', '육아', '유아', '유아동', 'home', 'furniture', 'moving', 'interior', '가구·생활', '가구', '이사', '인테리어'],
                        [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3], 0), 0) AS sign,
                    transform(toString(channel), ['app', 'mobile', 'web', 'online', '앱', '온라인'], [2, 2, 1, 1, 2, 1], 0) AS way
                FROM past_transactions
            )
            GROUP BY customer_key
        )
    ) AS totals USING (customer_key)
    LEFT JOIN
    (
        SELECT
            * EXCEPT (message_ids, response_ids, answers, email_message_ids, email_response_ids, sms_message_ids, sms_response_ids, kakao_message_ids, kakao_response_ids, push_message_ids, push_response_ids, message_ids_28d),
            arrayUniq(message_ids) AS messages, arrayUniq(response_ids) AS responses, arrayUniq(message_ids_28d) AS messages_28d,
            arrayMap(answer -> answer.1, arrayDistinct(answers)) AS answered,
            arrayUniq(email_message_ids) AS email_messages, arrayUniq(email_response_ids) AS email_responses,
            arrayUniq(sms_message_ids) AS sms_messages, arrayUniq(sms_response_ids) AS sms_responses,
            arrayUniq(kakao_message_ids) AS kakao_messages, arrayUniq(kakao_response_ids) AS kakao_responses,
            arrayUniq(push_message_ids) AS push_messages, arrayUniq(push_response_ids) AS push_responses
        FROM
        (
            SELECT
                customer_key,
                groupArrayIf(message, reached AND late) AS message_ids,
                groupArrayIf(message, reached AND t >= instant - 28 * 86400) AS message_ids_28d,
                groupArrayIf(id, answer AND late) AS response_ids,
                groupArrayIf((t, id), answer) AS answers,
                groupArrayIf(message, reached AND late AND way = 1) AS email_message_ids, groupArrayIf(id, answer AND late AND way = 1) AS email_response_ids,
                groupArrayIf(message, reached AND late AND way = 2) AS sms_message_ids, groupArrayIf(id, answer AND late AND way = 2) AS sms_response_ids,
                groupArrayIf(message, reached AND late AND way = 3) AS kakao_message_ids, groupArrayIf(id, answer AND late AND way = 3) AS kakao_response_ids,
                groupArrayIf(message, reached AND late AND way = 4) AS push_message_ids, groupArrayIf(id, answer AND late AND way = 4) AS push_response_ids,
                maxIf(t, answer) AS last_response, maxIf(t, reached) AS last_message,
                countIf(kind = 'visit' AND t >= instant - 90 * 86400) AS visits_90d,
                countIf(kind = 'app' AND t >= instant - 28 * 86400) AS app_28d,
                countIf(kind = 'app' AND t >= instant - 90 * 86400) AS app_90d,
                countIf(kind = 'unsubscribe') AS unsubscribed
            FROM
            (
                SELECT customer_key, t, kind, id, message, kind = 'delivered' AS reached, kind IN ('open', 'click') AS answer, t >= instant - 180 * 86400 AS late,
                       transform(toString(channel), ['email', 'sms', 'kakao', 'push'], [1, 2, 3, 4], 0) AS way
                FROM past_contacts
            )
            GROUP BY customer_key
        )
    ) AS contacts USING (customer_key)
)
