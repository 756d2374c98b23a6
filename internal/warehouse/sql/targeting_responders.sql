-- Who opened or clicked a past campaign's message within its window, one in part of the customers.
SELECT DISTINCT customer_key
FROM interactions
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND kind IN ('open', 'click')
  AND at >= {launched:DateTime('UTC')} AND at < {ended:DateTime('UTC')}
  AND cityHash64(customer_key) % {part:UInt32} = 0
