-- What moved a customer's score most, of those who were chosen and of some who were not: features, their parts in the score,
-- and the bounds of the customer's values.
CREATE TABLE IF NOT EXISTS score_reasons
(
    campaign     LowCardinality(String),
    occurrence   UInt32,
    plan         UInt16,
    launch       Date,
    customer_key UInt32 CODEC(Delta, ZSTD),
    model        LowCardinality(String),
    score        Float32,
    features     Array(LowCardinality(String)),
    effects      Array(Float32),
    low          Array(Float64),
    high         Array(Float64)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(launch)
ORDER BY (campaign, occurrence, plan, customer_key)
