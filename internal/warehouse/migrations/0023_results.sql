-- Sufficient statistics by metric and arm (n, sum, sums of squares and cross-products): enough for every estimate of the report.
CREATE TABLE IF NOT EXISTS results
(
    campaign    LowCardinality(String),
    occurrence  UInt32,
    plan        UInt16,
    metric      LowCardinality(String),
    arm         LowCardinality(String),
    customers   UInt64,
    total       Float64,
    squares     Float64,
    pre_total   Float64,
    pre_squares Float64,
    cross       Float64,
    at          DateTime('UTC')
)
ENGINE = MergeTree
ORDER BY (campaign, occurrence, plan, metric, arm)
