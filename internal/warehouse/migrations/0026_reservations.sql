-- Contacts that campaigns reserved under the caps, admitted in order by the contacts workflows; a reservation released has released = 1 as its max.
CREATE TABLE IF NOT EXISTS reservations
(
    customer_key UInt32,
    channel      LowCardinality(String),
    purpose      LowCardinality(String),
    at           DateTime('UTC'),
    campaign     LowCardinality(String),
    occurrence   UInt32,
    plan         UInt16,
    touch        LowCardinality(String),
    released     UInt8
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (customer_key, at, campaign, occurrence, plan, touch)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
