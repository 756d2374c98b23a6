-- Campaigns of the months gone by, whose messages are among the interactions.
INSERT INTO campaigns (campaign, occurrence, plan, kind, launch, ends, currency, spec, hash, at)
SELECT concat('past-', toString({month:UInt32})), 1, 1, 'past', {from:DateTime('UTC')}, {from:DateTime('UTC')} + toUInt32({length:UInt64} - 1), 'KRW', '', '', {from:DateTime('UTC')}
