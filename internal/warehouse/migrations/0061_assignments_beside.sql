-- Why neighbours (same segment, same tenth of the forecast) have a better offer, as reason:offer; empty where none has.
ALTER TABLE assignments
    ADD COLUMN IF NOT EXISTS beside LowCardinality(String)
