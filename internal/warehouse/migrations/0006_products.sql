-- What can be bought, by the user's own product id.
CREATE TABLE IF NOT EXISTS products
(
    product    String,
    name       String,
    category   LowCardinality(String),
    brand      LowCardinality(String),
    merchant   String,
    attributes Map(LowCardinality(String), String),
    updated_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY product
