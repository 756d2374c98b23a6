-- Brands as the files have them; several rules may each know a part of one.
CREATE TABLE IF NOT EXISTS import_raw_brands
(
    rule UInt16,
    file UInt32,
    line_in_file UInt64,
    -- The earlier rule wins, within it the later file and line; one number is compared far faster than three.
    priority UInt64 MATERIALIZED bitOr(bitShiftLeft(toUInt64(65535 - rule), 48), bitOr(bitShiftLeft(toUInt64(file), 32), line_in_file)),
    brand String,
    name String,
    category String
)
ENGINE = MergeTree
ORDER BY tuple()
