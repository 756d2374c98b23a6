-- Suppressions as the files have them, until keys are given.
CREATE TABLE IF NOT EXISTS import_raw_suppressions
(
    rule UInt16,
    file UInt32,
    line_in_file UInt64,
    id String,
    channel String,
    reason String,
    at Int64,
    until Int64,
    bucket UInt8 MATERIALIZED cityHash64(id) % 64
)
ENGINE = MergeTree
ORDER BY bucket
