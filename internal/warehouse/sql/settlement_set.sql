-- What a set of candidates holds: how many, how much, and a checksum that does not depend on their order.
SELECT
    count(),
    toInt64(sum(due)) AS owed,
    groupBitXor(cityHash64(customer_key, offer, round, qualified_at, purchase, spend, due)),
    throwIf(sum(toInt128(due)) > 9223372036854775807, 'dues beyond 64 bits')
FROM candidates
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND attempt = {attempt:UInt64}
