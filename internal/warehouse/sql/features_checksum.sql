-- Rows, customers and a checksum that does not depend on the order of rows, over a whole snapshot before it is published.
SELECT count(), toUInt64(groupBitmap(customer_key)),
       sum(cityHash64(customer_key, toString(zone), recency_days, purchases, purchases_90d, spend, spend_28d, spend_months,
                      rhythm_days, toString(top_category), toString(top_brand), purchase_hours, response_hours, messages_180d, responses_180d, bins))
FROM {table:Identifier}
WHERE snapshot = {snapshot:String}
