-- Names as the files have them, until keys are given.
CREATE TABLE IF NOT EXISTS import_raw_identities
(
    rule UInt16,
    file UInt32,
    line_in_file UInt64,
    id String,
    name String,
    bucket UInt8 MATERIALIZED cityHash64(id) % 64
)
ENGINE = MergeTree
ORDER BY bucket
