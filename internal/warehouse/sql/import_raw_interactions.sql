-- Interactions as the files have them, until customers are known by their keys.
CREATE TABLE IF NOT EXISTS import_raw_interactions
(
    rule UInt16,
    file UInt32,
    line_in_file UInt64,
    id String,
    at Int64,
    kind String,
    channel String,
    campaign String,
    occurrence Int64,
    touch String,
    key UInt64,
    bucket UInt8 MATERIALIZED cityHash64(id) % 64
)
ENGINE = MergeTree
ORDER BY bucket
