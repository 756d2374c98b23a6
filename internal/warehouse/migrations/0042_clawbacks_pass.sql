-- A run may be judged again more than once within its clawback window: each pass takes back what it finds beyond the ones before.
ALTER TABLE clawbacks ADD COLUMN IF NOT EXISTS pass UInt16 DEFAULT 0
