-- The offer of each customer, with what was believed when it was made. Amounts in minor units of the campaign's currency.
CREATE TABLE IF NOT EXISTS assignments
(
    campaign        LowCardinality(String),
    occurrence      UInt32,
    plan            UInt16,
    launch          Date,
    customer_key    UInt32 CODEC(Delta, ZSTD),
    offer           LowCardinality(String),
    content         LowCardinality(String),
    threshold       Int64,
    reward          Int64,
    forecast        Int64,
    p_reach         Float32,
    p_reach_without Float32,
    value           Int64,
    expected_cost   Int64,
    propensity      Float32,
    explore         UInt8
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(launch)
ORDER BY (campaign, occurrence, plan, customer_key)
