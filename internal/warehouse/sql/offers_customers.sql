-- The treated customers of a range, in order, with what their offers are valued by; the marked list holds a condition for each offer's rule.
-- With {everyone} all customers of the snapshot: what a preview picks from, before there is an audience.
-- Segment, region and top brand come as places in the lists that the budget's limits name, 0 where none names them.
-- counted is, by offer, the share of a customer's own spend that its terms count, as far as features tell: by category, by
-- top brand, by hour, by day of the week. What they do not tell counts in full, so that no offer is thought too cheap.
SELECT customer_key, tenure_days, spend_months, [toUInt8(1) /* rules */] AS allowed,
    toUInt16(indexOf({segments:Array(String)}, toString(segment))) AS segment_place,
    toUInt16(indexOf({regions:Array(String)}, toString(region))) AS region_place,
    toUInt16(indexOf({brands:Array(String)}, toString(top_brand))) AS brand_place,
    toUInt32(cityHash64(toString(segment))) AS kin,
    messages_180d, responses_180d, purchases_365d, basket_365d,
    toUInt16(indexOf({content_categories:Array(String)}, toString(top_category))) AS theme,
    arrayMap(
        offer -> toFloat32(greatest(0, least(1,
            if(has({category_offers:Array(UInt32)}, offer), arraySum((of, name) -> if(of = offer, category_shares[name], 0), {category_offers:Array(UInt32)}, {categories:Array(String)}), 1)
            - arraySum((of, name) -> if(of = offer, category_shares[name], 0), {excluded_offers:Array(UInt32)}, {excluded:Array(String)})))
        * multiIf(
            NOT has({brand_offers:Array(UInt32)}, offer) OR isNaN(top_brand_share), 1,
            arrayExists((of, name) -> of = offer AND name = toString(top_brand), {brand_offers:Array(UInt32)}, {brands_counted:Array(String)}), top_brand_share,
            (1 - top_brand_share) * least(1, countEqual({brand_offers:Array(UInt32)}, offer) / greatest(1, brands_365d)))
        * if(NOT has({hour_offers:Array(UInt32)}, offer) OR arraySum(purchase_hours) = 0, 1,
            arraySum((of, hour) -> if(of = offer, purchase_hours[hour + 1], 0), {hour_offers:Array(UInt32)}, {hours:Array(UInt32)}) / arraySum(purchase_hours))
        * if(NOT has({day_offers:Array(UInt32)}, offer) OR isNaN(weekend_share), 1,
            least(1, arraySum((of, day) -> if(of = offer, if(day >= 6, weekend_share / 2, (1 - weekend_share) / 5), 0), {day_offers:Array(UInt32)}, {days:Array(UInt32)})))),
        range(1, {offers:UInt32} + 1)) AS counted
FROM features
WHERE snapshot = {snapshot:String} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
  AND ({everyone:UInt8} = 1 OR customer_key IN
  (
      SELECT customer_key
      FROM audience
      WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND arm = 'treated'
        AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
  ))
ORDER BY customer_key
