-- What changes when anything changes that features are made of: part of a snapshot's identity, so that a stale one is never reused.
SELECT
    (SELECT max(customer_key) FROM customers) AS last,
    (SELECT toUInt64(groupBitmap(customer_key)) FROM customers) AS customers,
    cityHash64(
        (SELECT (count(), sum(cityHash64(customer_key, updated_at))) FROM customers),
        (SELECT (count(), sum(toUInt32(at)), sum(amount)) FROM transactions WHERE at < {instant:DateTime('UTC')}),
        (SELECT (count(), sum(toUInt32(at))) FROM interactions WHERE at < {instant:DateTime('UTC')}),
        (SELECT (count(), sum(toUnixTimestamp(at))) FROM delivery_events WHERE at < {instant:DateTime('UTC')} AND state IN ('sent', 'delivered'))
    ) AS state
