-- Where it is bought.
CREATE TABLE IF NOT EXISTS merchants
(
    merchant   String,
    name       String,
    category   LowCardinality(String),
    region     LowCardinality(String),
    updated_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY merchant
