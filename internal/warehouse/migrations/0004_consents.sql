-- Append-only: the consent in force at an instant is the last row at or before it. night = 1 is the separate consent for 21:00-08:00.
CREATE TABLE IF NOT EXISTS consents
(
    customer_key UInt32,
    channel      LowCardinality(String),
    purpose      LowCardinality(String),
    night        UInt8,
    at           DateTime('UTC') CODEC(Delta, ZSTD),
    granted      UInt8,
    evidence     LowCardinality(String),
    recorded_at  DateTime64(3, 'UTC') CODEC(Delta, ZSTD)
)
ENGINE = MergeTree
ORDER BY (customer_key, channel, purpose, night, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
