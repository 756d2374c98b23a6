-- What the customers of a range bought in one month: a rate for each of them from a heavy-tailed draw, a favourite category and
-- brands that are skewed; one line in fifty is a refund. A month at a time, so that an insert writes one part.
INSERT INTO transactions (customer_key, at, id, line, kind, amount, currency, quantity, product, category, brand, merchant, channel)
SELECT
    customer_key,
    {from:DateTime('UTC')} + toUInt32(h % {length:UInt64}),
    h, 1, if(intDiv(h, 104729) % 50 = 0, 'refund', 'purchase'),
    toInt64(1000 + exp(9.2 + 1.1 * (intDiv(h, 7919) % 10007 + intDiv(h, 611953) % 10007 + g % 10007 - 15010) / 5000)) AS amount,
    'KRW', 1, '',
    concat('category-', toString(kind)), concat('brand-', toString(kind), '-', toString(toUInt32(100 * pow(intDiv(g, 7919) % 10007 / 10007, 3)))), '',
    ['store', 'store', 'store', 'web', 'app'][1 + intDiv(g, 31) % 5]
FROM
(
    SELECT customer_key, h, g, if(intDiv(h, 31) % 5 < 3, cityHash64(customer_key, {seed:UInt64}, 'favourite'), intDiv(h, 1299709)) % 30 AS kind
    FROM
    (
        SELECT customer_key, cityHash64(customer_key, i, {month:UInt32}, {seed:UInt64}) AS h, intHash64(h) AS g
        FROM
        (
            SELECT
                toUInt32(number) AS customer_key,
                -log((1 + cityHash64(number, {seed:UInt64}, 'rate') % 1000003) / 1000004.) * {rate:Float64} AS rate,
                arrayJoin(range(toUInt32(rate + cityHash64(number, {month:UInt32}, {seed:UInt64}, 'count') % 1000003 / 1000003.))) AS i
            FROM numbers({low:UInt64}, {count:UInt64})
        )
    )
)
