-- What customers of a range did within the windows of a rule, before the moment. days are those from the purchase to the moment.
SELECT customer_key, [/* columns */] AS windows
FROM
(
    SELECT customer_key, id, kind, category, brand, merchant,
           multiIf(currency != {currency:String}, 0, kind = 'purchase', amount, -amount) AS net,
           (toUInt32({moment:DateTime('UTC')}) - toUInt32(at)) / 86400 AS days
    FROM transactions
    WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
      AND at < {moment:DateTime('UTC')} AND at >= {moment:DateTime('UTC')} - {longest:UInt32} * 86400
)
GROUP BY customer_key
