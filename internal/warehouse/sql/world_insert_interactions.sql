-- What customers did besides buying.
INSERT INTO interactions (customer_key, at, kind, channel, campaign, occurrence, touch, id)
