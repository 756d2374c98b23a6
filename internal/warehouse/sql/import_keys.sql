-- Which id has which key, old and new, in the buckets of the raw tables so that joins meet bucket by bucket.
CREATE TABLE IF NOT EXISTS import_keys
(
    id           String,
    customer_key UInt32,
    bucket       UInt8 MATERIALIZED cityHash64(id) % 64
)
ENGINE = MergeTree
ORDER BY bucket
