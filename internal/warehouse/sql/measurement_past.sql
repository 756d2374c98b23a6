-- What some customers spent and how often they bought in two stretches of time, one before the other: enough to say how
-- small an effect on them could be seen. Who bought nothing in either has no row.
SELECT
    toFloat64(sumIf(net, later)), toFloat64(countIf(bought AND later)), toFloat64(sumIf(net, NOT later)), toFloat64(countIf(bought AND NOT later))
FROM
(
    SELECT customer_key, if(kind = 'purchase', amount, -amount) AS net, kind = 'purchase' AND line = 1 AS bought, at >= {opens:DateTime('UTC')} AS later
    FROM transactions
    WHERE customer_key IN {customers:Array(UInt32)} AND at >= {before:DateTime('UTC')} AND at < {closes:DateTime('UTC')} AND currency = {currency:String}
)
GROUP BY customer_key
