-- Money out, as ranked states like deliveries. payout is the idempotency key that the provider knows.
CREATE TABLE IF NOT EXISTS payout_events
(
    campaign     LowCardinality(String),
    occurrence   UInt32,
    launch       Date,
    payout       String,
    customer_key UInt32,
    offer        LowCardinality(String),
    round        UInt16,
    attempt      UInt8,
    state        Enum8('requested' = 10, 'unknown' = 20, 'refused' = 30, 'paid' = 40),
    amount       Int64,
    currency     LowCardinality(String),
    at           DateTime('UTC'),
    wall_at      DateTime64(3, 'UTC'),
    reason       LowCardinality(String),
    response     String
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(launch)
ORDER BY (campaign, occurrence, payout, attempt, state)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
