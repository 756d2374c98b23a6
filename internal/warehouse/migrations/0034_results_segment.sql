-- Sums by segment beside those of all customers, whose segment is empty.
ALTER TABLE results ADD COLUMN IF NOT EXISTS segment LowCardinality(String) AFTER metric
