-- Names as the files have them, until keys are given.
CREATE TABLE IF NOT EXISTS import_raw_identities
(
    rule UInt16,
    file UInt32,
    line_in_file UInt64,
    -- The earlier rule wins, within it the later file and line; one number is compared far faster than three.
    priority UInt64 MATERIALIZED bitOr(bitShiftLeft(toUInt64(65535 - rule), 48), bitOr(bitShiftLeft(toUInt64(file), 32), line_in_file)),
    id String,
    name String,
    bucket UInt8 MATERIALIZED cityHash64(id) % 64
)
ENGINE = MergeTree
ORDER BY bucket
