-- Receipts, clicks and unsubscribes name a delivery by its key, the first 32 characters of the message id: most of the table is skipped.
ALTER TABLE delivery_events ADD INDEX IF NOT EXISTS by_delivery substring(message_id, 1, 32) TYPE bloom_filter(0.01) GRANULARITY 1
