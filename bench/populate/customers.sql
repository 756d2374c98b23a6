-- Customers of a range: who they are follows from hashes of their keys, so that any range can be made alone.
INSERT INTO customers
SELECT
    toUInt32(number), ['gold', 'silver', 'basic', 'new'][1 + h % 4], ['Seoul', 'Busan', 'Daegu', 'Incheon', 'Gwangju', 'Jeju', 'Suwon', 'Daejeon'][1 + intDiv(h, 7) % 8],
    'Asia/Seoul', 'ko', if(intDiv(h, 101) % 2 = 0, 'female', 'male'), toUInt16(1946 + intDiv(h, 997) % 61), toDate({until:DateTime('UTC')}) - toUInt16(intDiv(h, 9973) % 2500),
    map(), {until:DateTime('UTC')}
FROM (SELECT number, cityHash64(number, {seed:UInt64}, 'customer') AS h FROM numbers({low:UInt64}, {count:UInt64}))
