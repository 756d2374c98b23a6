-- Coupon codes that were imported into a pool. Codes are numbered from 0 without gaps, and a number is given to one payout.
-- Codes are worth money: whoever may read this table may spend them.
CREATE TABLE IF NOT EXISTS coupon_codes
(
    pool        LowCardinality(String),
    number      UInt64 CODEC(Delta, ZSTD),
    code        String CODEC(ZSTD),
    file        LowCardinality(String),
    imported_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (pool, number)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
