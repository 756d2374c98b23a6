-- One in a hundred must not be contacted.
INSERT INTO suppressions
SELECT toUInt32(number), '', 'complaint', {until:DateTime('UTC')} - INTERVAL 90 DAY, toDateTime(0, 'UTC'), {until:DateTime('UTC')}
FROM numbers({low:UInt64}, {count:UInt64})
WHERE cityHash64(number, {seed:UInt64}, 'suppression') % 100 = 0
