-- What the provider calls a message, where it does not use our id: receipts name it by that.
ALTER TABLE delivery_events ADD COLUMN IF NOT EXISTS provider_id String
