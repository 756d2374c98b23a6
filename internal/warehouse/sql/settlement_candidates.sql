-- What one attempt finds goes into its own set; the judging query follows.
INSERT INTO candidates (campaign, occurrence, launch, attempt, customer_key, offer, round, qualified_at, purchase, spend, due, currency)
