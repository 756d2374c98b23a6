-- Feedback about messages that are not known, so that nothing is lost. id follows from the content; matched = 1 as its max: the message was found later.
CREATE TABLE IF NOT EXISTS feedback_quarantine
(
    id          UInt64,
    channel     LowCardinality(String),
    message_id  String,
    provider_id String,
    kind        LowCardinality(String),
    at          DateTime64(3, 'UTC'),
    reason      String,
    why         LowCardinality(String),
    received_at DateTime64(3, 'UTC'),
    matched     UInt8
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (received_at, id)
TTL toDateTime(received_at) + INTERVAL 90 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
