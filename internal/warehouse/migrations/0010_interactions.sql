-- What customers did with us besides buying: delivered, open, click, visit, app, unsubscribe, bounce. id makes a row unique.
CREATE TABLE IF NOT EXISTS interactions
(
    customer_key UInt32 CODEC(Delta, ZSTD),
    at           DateTime('UTC') CODEC(Delta, ZSTD),
    kind         LowCardinality(String),
    channel      LowCardinality(String),
    campaign     LowCardinality(String),
    occurrence   UInt32,
    touch        LowCardinality(String),
    id           UInt64 CODEC(ZSTD)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (customer_key, at, kind, id)
