-- What happened to each delivery. States are ranked: the state of an attempt, and of a delivery, is the max over its rows; no clock decides.
-- at is campaign time, wall_at the wall's. message_id is the same for every attempt of a delivery, so that a provider can be asked.
CREATE TABLE IF NOT EXISTS delivery_events
(
    campaign     LowCardinality(String),
    occurrence   UInt32,
    launch       Date,
    touch        LowCardinality(String),
    customer_key UInt32,
    channel      LowCardinality(String),
    attempt      UInt8,
    state        Enum8('planned' = 10, 'attempting' = 20, 'failed' = 30, 'unknown' = 40, 'expired' = 50, 'suppressed' = 60, 'sent' = 70, 'delivered' = 80, 'bounced' = 90),
    wave         UInt32,
    message_id   String,
    at           DateTime64(3, 'UTC'),
    wall_at      DateTime64(3, 'UTC'),
    reason       LowCardinality(String),
    response     String,
    template     String,
    parameters   String,
    body_sha256  String
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(launch)
ORDER BY (campaign, occurrence, touch, customer_key, attempt, state)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
