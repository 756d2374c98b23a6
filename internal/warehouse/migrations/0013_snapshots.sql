-- A snapshot is immutable: instant and catalogue identify it; a row here means that its features are published whole.
CREATE TABLE IF NOT EXISTS snapshots
(
    snapshot   String,
    instant    DateTime('UTC'),
    catalogue  String,
    currency   LowCardinality(String),
    customers  UInt64,
    checksum   UInt64,
    created_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY snapshot
