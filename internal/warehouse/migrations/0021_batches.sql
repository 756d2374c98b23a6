-- The chain over the ledger: each batch hashes its sorted rows and the head before it; the head is kept in the books workflow too.
CREATE TABLE IF NOT EXISTS batches
(
    campaign   LowCardinality(String),
    occurrence UInt32,
    batch      UInt32,
    kind       LowCardinality(String),
    postings   UInt64,
    previous   String,
    head       String,
    at         DateTime('UTC')
)
ENGINE = MergeTree
ORDER BY (campaign, occurrence, batch)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
