-- Who the customers are, without anything personal: that lives in identities and contacts, which is what an erasure removes.
CREATE TABLE IF NOT EXISTS customers
(
    customer_key UInt32,
    segment      LowCardinality(String),
    region       LowCardinality(String),
    zone         LowCardinality(String),
    language     LowCardinality(String),
    gender       LowCardinality(String),
    birth_year   UInt16,
    joined       Date,
    attributes   Map(LowCardinality(String), String),
    updated_at   DateTime64(3, 'UTC') CODEC(Delta, ZSTD)
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY customer_key
