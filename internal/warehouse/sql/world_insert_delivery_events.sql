-- The last state of each past delivery; how it came there is long gone.
INSERT INTO delivery_events (campaign, occurrence, launch, touch, customer_key, channel, attempt, state, wave, message_id, at, wall_at)
