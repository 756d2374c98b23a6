-- Customers as the files have them, by the user's own id; the bucket lets large imports be decided a part at a time.
CREATE TABLE IF NOT EXISTS import_raw_customers
(
    rule UInt16,
    file UInt32,
    line_in_file UInt64,
    -- The earlier rule wins, within it the later file and line; one number is compared far faster than three.
    priority UInt64 MATERIALIZED bitOr(bitShiftLeft(toUInt64(65535 - rule), 48), bitOr(bitShiftLeft(toUInt64(file), 32), line_in_file)),
    id String,
    segment String,
    region String,
    zone String,
    language String,
    gender String,
    birth_year Int64,
    joined Int64,
    attributes Map(String, String),
    bucket UInt8 MATERIALIZED cityHash64(id) % 64
)
ENGINE = MergeTree
ORDER BY bucket
