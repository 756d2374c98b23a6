-- Which payout has which number of a pool. One workflow for each pool gives them, so a number has one payout; a row that is
-- there twice is the same row.
CREATE TABLE IF NOT EXISTS coupon_grants
(
    pool         LowCardinality(String),
    number       UInt64 CODEC(Delta, ZSTD),
    payout       String,
    campaign     LowCardinality(String),
    occurrence   UInt32,
    customer_key UInt32,
    amount       Int64,
    currency     LowCardinality(String)
)
ENGINE = MergeTree
ORDER BY (pool, number)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
