-- What customers agreed to or withdrew, at its instant.
INSERT INTO consents (customer_key, channel, purpose, night, at, granted, evidence, recorded_at)
