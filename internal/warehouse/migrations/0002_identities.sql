-- The only link between a customer_key and the person: the user's own id and the name.
CREATE TABLE IF NOT EXISTS identities
(
    customer_key UInt32,
    external_id  String,
    name         String,
    updated_at   DateTime64(3, 'UTC') CODEC(Delta, ZSTD)
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY customer_key
