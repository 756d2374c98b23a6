-- Whom a past campaign treated and who bought within its window: the response where nobody recorded opens and clicks.
SELECT DISTINCT customer_key
FROM transactions
WHERE at >= {launched:DateTime('UTC')} AND at < {ended:DateTime('UTC')} AND kind = 'purchase'
  AND customer_key IN (SELECT customer_key FROM audience WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND arm = 'treated')
  AND cityHash64(customer_key) % {part:UInt32} = 0
