-- Whom a campaign of a month treated, about 200,000 of all, and its control group of a tenth.
INSERT INTO audience (campaign, occurrence, plan, launch, customer_key, arm, reason, score, propensity)
SELECT concat('past-', toString({month:UInt32})), 1, 1, toDate({from:DateTime('UTC')}), toUInt32(number), if(h % 10 = 0, 'control', 'treated'), if(h % 10 = 0, 'control', 'treated'), 0, if(h % 10 = 0, .1, .9)
FROM (SELECT number, cityHash64(number, {month:UInt32}, {seed:UInt64}, 'audience') AS h FROM numbers({low:UInt64}, {count:UInt64}))
WHERE intDiv(h, 1009) % {part:UInt64} = 0
