-- The hours that past campaigns drew.
INSERT INTO planned_deliveries (campaign, occurrence, plan, rebase, launch, touch, customer_key, channel, wave, planned_at, source, blocked, hour_propensity)
