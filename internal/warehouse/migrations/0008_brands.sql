-- Whose product it is.
CREATE TABLE IF NOT EXISTS brands
(
    brand      String,
    name       String,
    category   LowCardinality(String),
    updated_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY brand
