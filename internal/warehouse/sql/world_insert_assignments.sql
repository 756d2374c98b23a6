-- The offers that past campaigns drew; what a past optimiser believed is not known, so it stays 0.
INSERT INTO assignments (campaign, occurrence, plan, launch, customer_key, offer, content, threshold, reward, forecast, propensity, explore)
