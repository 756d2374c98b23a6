-- The edges by which features' values are bins, immutable: every model and snapshot that name a binning share it. Rows of one binning and feature are identical.
CREATE TABLE IF NOT EXISTS feature_binnings
(
    binning   String,
    catalogue String,
    currency  LowCardinality(String),
    customers UInt64,
    instant   DateTime('UTC'),
    position  UInt16,
    feature   String,
    edges     Array(Float64)
)
ENGINE = MergeTree
ORDER BY (binning, position)
