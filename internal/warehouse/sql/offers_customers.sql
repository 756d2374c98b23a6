-- The treated customers of a range, in order, with what their offers are valued by; the marked list holds a condition for each offer's rule.
-- With {everyone} all customers of the snapshot: what a preview picks from, before there is an audience.
-- Segment, region and top brand come as places in the lists that the budget's limits name, 0 where none names them.
SELECT customer_key, tenure_days, spend_months, [toUInt8(1) /* rules */] AS allowed,
    toUInt16(indexOf({segments:Array(String)}, toString(segment))) AS segment_place,
    toUInt16(indexOf({regions:Array(String)}, toString(region))) AS region_place,
    toUInt16(indexOf({brands:Array(String)}, toString(top_brand))) AS brand_place,
    messages_180d, responses_180d
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
