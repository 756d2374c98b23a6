-- Everybody's arm in a past campaign, those left out too.
INSERT INTO audience (campaign, occurrence, plan, launch, customer_key, arm, reason, score, propensity)
