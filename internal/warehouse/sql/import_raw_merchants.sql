-- Merchants as the files have them; several rules may each know a part of one.
CREATE TABLE IF NOT EXISTS import_raw_merchants
(
    rule UInt16,
    file UInt32,
    line_in_file UInt64,
    merchant String,
    name String,
    category String,
    region String
)
ENGINE = MergeTree
ORDER BY tuple()
