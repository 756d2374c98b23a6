-- What is there already of a range and time, so that living it again adds only what is missing.
SELECT id FROM {table:Identifier}
WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
  AND at >= {from:DateTime('UTC')} AND at < {to:DateTime('UTC')}
