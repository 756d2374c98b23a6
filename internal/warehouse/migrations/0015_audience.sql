-- Every customer of the run with arm and reason, those left out too. propensity is the chance of the arm they are in.
CREATE TABLE IF NOT EXISTS audience
(
    campaign     LowCardinality(String),
    occurrence   UInt32,
    plan         UInt16,
    launch       Date,
    customer_key UInt32 CODEC(Delta, ZSTD),
    arm          Enum8('left_out' = 0, 'treated' = 1, 'control' = 2, 'holdout' = 3),
    reason       LowCardinality(String),
    score        Float32,
    propensity   Float32
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(launch)
ORDER BY (campaign, occurrence, plan, customer_key)
