-- The world's past campaigns, whose randomisation later models learn from.
INSERT INTO campaigns (campaign, occurrence, plan, kind, launch, ends, currency, spec, hash, at)
