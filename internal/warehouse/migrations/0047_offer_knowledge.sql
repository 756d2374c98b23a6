-- What past campaigns taught about how customers take offers, one version a row: a plan names the one that it was valued by.
CREATE TABLE IF NOT EXISTS offer_knowledge
(
    id        String,
    currency  LowCardinality(String),
    at        DateTime('UTC'),
    campaigns Array(String),
    offered   UInt64,
    control   UInt64,
    knowledge String
)
ENGINE = MergeTree
ORDER BY (currency, at, id)
