-- Who would have met the terms by purchases that came to be known too late: listed for a person, never paid by itself.
CREATE TABLE IF NOT EXISTS late_redemptions
(
    campaign     LowCardinality(String),
    occurrence   UInt32,
    launch       Date,
    customer_key UInt32,
    offer        LowCardinality(String),
    round        UInt16,
    qualified_at DateTime('UTC'),
    purchase     UInt64,
    spend        Int64,
    due          Int64,
    currency     LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(launch)
ORDER BY (campaign, occurrence, customer_key, offer, round)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
