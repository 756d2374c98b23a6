-- When and where each delivery is meant to leave. wave is the hour, in hours since 1970 UTC; rebase counts how often the plan was moved.
CREATE TABLE IF NOT EXISTS planned_deliveries
(
    campaign        LowCardinality(String),
    occurrence      UInt32,
    plan            UInt16,
    rebase          UInt16,
    launch          Date,
    touch           LowCardinality(String),
    customer_key    UInt32 CODEC(Delta, ZSTD),
    channel         LowCardinality(String),
    wave            UInt32,
    planned_at      DateTime('UTC'),
    source          Enum8('learned' = 1, 'fallback' = 2, 'moved' = 3, 'random' = 4),
    blocked         LowCardinality(String),
    hour_propensity Float32
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(launch)
ORDER BY (campaign, occurrence, plan, rebase, touch, wave, customer_key)
