-- Paid redemptions that no longer held when the clawback window ended: what the ledger reverses. amount in minor units.
CREATE TABLE IF NOT EXISTS clawbacks
(
    campaign     LowCardinality(String),
    occurrence   UInt32,
    launch       Date,
    customer_key UInt32,
    offer        LowCardinality(String),
    round        UInt16,
    amount       Int64,
    currency     LowCardinality(String),
    at           DateTime('UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(launch)
ORDER BY (campaign, occurrence, customer_key, offer, round)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
