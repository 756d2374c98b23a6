-- Do-not-contact: channel '' means every channel; until = 1970-01-01 means for ever.
CREATE TABLE IF NOT EXISTS suppressions
(
    customer_key UInt32,
    channel      LowCardinality(String),
    reason       LowCardinality(String),
    at           DateTime('UTC'),
    until        DateTime('UTC'),
    recorded_at  DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (customer_key, channel, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
