-- What a customer bought and gave back, line by line.
SELECT at, id, line, toString(kind), amount, currency, product, category, brand, merchant, channel, nature, original
FROM transactions
WHERE customer_key = {customer:UInt32} AND at >= {from:DateTime('UTC')} AND at < {until:DateTime('UTC')}
ORDER BY at, id, line, kind
LIMIT 1 BY at, id, line, kind
