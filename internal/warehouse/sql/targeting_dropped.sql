-- How the customers of a range spent in a window and in the 90 days before it: whether they dropped below their own forecast.
SELECT
    customer_key,
    toFloat64(sumIf(if(kind = 'purchase', amount, -amount), at >= {from:DateTime('UTC')})) AS spend,
    toFloat64(sumIf(if(kind = 'purchase', amount, -amount), at < {from:DateTime('UTC')})) AS before
FROM transactions
WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND currency = {currency:String}
  AND at >= {from:DateTime('UTC')} - INTERVAL 90 DAY AND at < {until:DateTime('UTC')}
GROUP BY customer_key
ORDER BY customer_key
