-- The same for receipts that name a message by the provider's id.
ALTER TABLE delivery_events ADD INDEX IF NOT EXISTS by_provider_id provider_id TYPE bloom_filter(0.01) GRANULARITY 1
