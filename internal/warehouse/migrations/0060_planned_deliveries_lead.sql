-- A message leaves at planned_at and is meant to arrive so many seconds later: the channel's latency, as receipts showed it.
ALTER TABLE planned_deliveries ADD COLUMN IF NOT EXISTS lead_seconds UInt16 DEFAULT 0
