-- The ledger: append-only legs; the legs of a transaction sum to zero. transaction is a hash of business identity, so posting twice is posting once.
CREATE TABLE IF NOT EXISTS postings
(
    campaign     LowCardinality(String),
    occurrence   UInt32,
    launch       Date,
    batch        UInt32,
    transaction  String,
    leg          UInt8,
    kind         LowCardinality(String),
    account      LowCardinality(String),
    customer_key UInt32,
    amount       Int64,
    currency     LowCardinality(String),
    at           DateTime('UTC'),
    reference    String
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(launch)
ORDER BY (campaign, occurrence, transaction, leg)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
