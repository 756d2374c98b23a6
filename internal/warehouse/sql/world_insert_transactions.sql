-- What customers bought and gave back. Blocks hold one month where twice must be once.
INSERT INTO transactions (customer_key, at, id, line, kind, amount, currency, quantity, product, category, brand, merchant, channel, original)
