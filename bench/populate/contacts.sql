-- Four in five have an address for mail.
INSERT INTO contacts
SELECT toUInt32(number), 'email', concat('c', toString(number), '@example.invalid'), {until:DateTime('UTC')}
FROM numbers({low:UInt64}, {count:UInt64})
WHERE cityHash64(number, {seed:UInt64}, 'contact') % 5 != 0
