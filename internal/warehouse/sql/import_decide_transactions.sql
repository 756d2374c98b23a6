-- Lines that the files do not number. Two alike in one file are two lines; two alike in two files, or in a file and in the
-- table, are one line that was exported twice: so the n-th of its like is new only if no earlier file and not the table have n.
-- Category and brand come from other files and may change, so they do not tell lines apart.
INSERT INTO import_ready_transactions (customer_key, at, id, line, kind, amount, currency, quantity, product, category, brand, merchant, channel, original, reference, nature)
WITH
    lines AS
    (
        SELECT k.customer_key AS customer_key, r.*,
               cityHash64(r.at, r.kind, r.amount, r.currency, r.quantity, r.product, r.merchant, r.channel, r.original, r.reference) AS content,
               row_number() OVER (PARTITION BY k.customer_key, r.purchase, content, r.file ORDER BY r.line_in_file) AS nth
        FROM (SELECT * FROM import_raw_transactions WHERE line = 0 AND bucket BETWEEN {low:UInt8} AND {high:UInt8}) AS r
        INNER JOIN (SELECT id, customer_key FROM import_keys WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8}) AS k ON k.id = r.id
    ),
    once AS
    (
        SELECT *, max(nth) OVER (PARTITION BY customer_key, purchase, content ORDER BY file, line_in_file ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
        FROM lines
    ),
    there AS
    (
        SELECT customer_key, id AS purchase, line,
               toInt64(toUnixTimestamp(at)) AS at, toInt64(kind) - 1 AS kind, amount, toString(currency) AS currency, toInt64(quantity) AS quantity,
               toString(product) AS product, toString(merchant) AS merchant, toString(channel) AS channel, original, reference
        FROM transactions
        WHERE at BETWEEN toDateTime({first:Int64}, 'UTC') AND toDateTime({last:Int64}, 'UTC') AND customer_key IN (SELECT customer_key FROM import_keys WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8})
          AND id IN (SELECT purchase FROM import_raw_transactions WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8})
    ),
    numbered AS
    (
        SELECT customer_key, purchase, cityHash64(at, kind, amount, currency, quantity, product, merchant, channel, original, reference) AS content, row_number() OVER (PARTITION BY customer_key, purchase, content) AS nth
        FROM there
    )
SELECT f.customer_key, toDateTime(f.at, 'UTC'), f.purchase,
       accurateCast(l.line + row_number() OVER (PARTITION BY f.customer_key, f.purchase ORDER BY f.file, f.line_in_file), 'UInt16'),
       CAST(f.kind + 1, 'Int8'), f.amount, f.currency, toInt32(f.quantity), f.product, f.category, f.brand, f.merchant, f.channel, f.original, f.reference, f.nature
FROM (SELECT * FROM once WHERE nth > before) AS f
LEFT ANTI JOIN numbered AS n ON n.customer_key = f.customer_key AND n.purchase = f.purchase AND n.content = f.content AND n.nth = f.nth
LEFT JOIN (SELECT customer_key, purchase, max(line) AS line FROM there GROUP BY customer_key, purchase) AS l ON l.customer_key = f.customer_key AND l.purchase = f.purchase
