-- What one attempt to qualify a range of customers found. Only the sets that a workflow fixed become redemptions, so a
-- worker that was thought dead adds nothing to them.
CREATE TABLE IF NOT EXISTS candidates
(
    campaign     LowCardinality(String),
    occurrence   UInt32,
    launch       Date,
    attempt      UInt64,
    customer_key UInt32 CODEC(Delta, ZSTD),
    offer        LowCardinality(String),
    round        UInt16,
    qualified_at DateTime('UTC') CODEC(Delta, ZSTD),
    purchase     UInt64 CODEC(ZSTD),
    spend        Int64 CODEC(T64, ZSTD),
    due          Int64 CODEC(T64, ZSTD),
    currency     LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(launch)
ORDER BY (campaign, occurrence, attempt, customer_key, offer, round)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
