-- Lines that the files number themselves: customer, instant, purchase and line say which are there already.
INSERT INTO import_ready_transactions (customer_key, at, id, line, kind, amount, currency, quantity, product, category, brand, merchant, channel, original, reference, nature)
SELECT k.customer_key, toDateTime(r.at, 'UTC'), r.purchase, toUInt16(r.line), CAST(r.kind + 1, 'Int8'), r.amount, r.currency, toInt32(r.quantity),
       r.product, r.category, r.brand, r.merchant, r.channel, r.original, r.reference, r.nature
FROM (SELECT * FROM import_raw_transactions WHERE line > 0 AND bucket BETWEEN {low:UInt8} AND {high:UInt8}) AS r
INNER JOIN (SELECT id, customer_key FROM import_keys WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8}) AS k ON k.id = r.id
WHERE (k.customer_key, r.at, r.purchase, r.line) NOT IN
(
    SELECT customer_key, toInt64(toUnixTimestamp(at)), id, toInt64(line)
    FROM transactions
    WHERE at BETWEEN toDateTime({first:Int64}, 'UTC') AND toDateTime({last:Int64}, 'UTC') AND customer_key IN (SELECT customer_key FROM import_keys WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8})
)
ORDER BY r.file, r.line_in_file
LIMIT 1 BY k.customer_key, r.at, r.purchase, r.line
