-- A set that the workflow fixed becomes redemptions, without those that came after the last reward of their offer or day.
-- Whoever runs it again adds equal rows, and only what is missing.
INSERT INTO redemptions (campaign, occurrence, launch, customer_key, offer, round, qualified_at, purchase, spend, due, currency)
SELECT campaign, occurrence, launch, customer_key, offer, round, qualified_at, purchase, spend, due, currency
FROM candidates
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND attempt = {attempt:UInt64}
  AND NOT arrayExists(
      (cut_offer, cut_day, cut_at, cut_purchase, cut_customer, cut_round) ->
          offer = cut_offer AND (cut_day = '' OR cut_day = toString(toDate(qualified_at, {zone:String})))
          AND (toUnixTimestamp(qualified_at), purchase, customer_key, round) > (cut_at, cut_purchase, cut_customer, cut_round),
      {cut_offers:Array(String)}, {cut_days:Array(String)}, {cut_ats:Array(UInt32)}, {cut_purchases:Array(UInt64)}, {cut_customers:Array(UInt32)}, {cut_rounds:Array(UInt16)})
  AND (customer_key, offer, round) NOT IN
  (
      SELECT customer_key, offer, round
      FROM redemptions
      WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
  )
