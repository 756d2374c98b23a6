-- Where the payouts of a range stand: the highest state of all rows, and how often each was asked for.
SELECT customer_key, offer, round, toUInt8(max(state)) AS rank, max(attempt) AS attempts, any(amount) AS paid, any(currency) AS in_currency
FROM payout_events
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
  AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
GROUP BY customer_key, offer, round
ORDER BY customer_key, offer, round
