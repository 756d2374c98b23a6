-- What was taken back of the dues of a range, pass by pass. Of two rows of one pass (two steps that judged at once) the
-- smaller one stands, in the customer's favour.
SELECT customer_key, offer, round, pass, amount, waived, currency
FROM clawbacks
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
  AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
ORDER BY customer_key, offer, round, pass, amount, waived
LIMIT 1 BY customer_key, offer, round, pass
