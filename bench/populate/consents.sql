-- Two in three consented to marketing by mail within three years; one in ten of them withdrew it.
INSERT INTO consents
SELECT toUInt32(number), 'email', 'marketing', 0, {until:DateTime('UTC')} - toUInt32(86400 * (if(granted, 20, 1) + h % if(granted, 1075, 19))), granted, 'form', {until:DateTime('UTC')}
FROM
(
    SELECT number, cityHash64(number, {seed:UInt64}, 'consent') AS h, arrayJoin(if(intDiv(h, 1009) % 10 = 0, [1, 0], [1])) AS granted
    FROM numbers({low:UInt64}, {count:UInt64})
)
WHERE intDiv(h, 31) % 3 != 0
