-- Messages that reached the customers of a range in one month, who opened them, and their visits to the app.
INSERT INTO interactions (customer_key, at, kind, channel, campaign, occurrence, touch, id)
SELECT
    customer_key, {from:DateTime('UTC')} + toUInt32(h % {length:UInt64}) + if(kind = 'open', 3600, 0), kind,
    if(kind = 'app', 'app', 'email'), if(kind = 'app', '', concat('past-', toString({month:UInt32}))), if(kind = 'app', 0, 1), if(kind = 'app', '', 'first'), h + if(kind = 'open', 1, 0)
FROM
(
    SELECT
        toUInt32(number) AS customer_key, cityHash64(number, {month:UInt32}, {seed:UInt64}, 'message') AS h,
        arrayJoin(multiIf(intDiv(h, 7919) % 100 < 8, ['delivered', 'open'], intDiv(h, 7919) % 100 < 20, ['delivered'], intDiv(h, 7919) % 100 < 28, ['app'], [])) AS kind
    FROM numbers({low:UInt64}, {count:UInt64})
)
