-- Features of each customer strictly before the snapshot's instant. One partition a snapshot, put in place whole by REPLACE PARTITION.
CREATE TABLE IF NOT EXISTS features
(
    snapshot        String,
    customer_key    UInt32,
    segment         LowCardinality(String),
    region          LowCardinality(String),
    zone            LowCardinality(String),
    language        LowCardinality(String),
    gender          LowCardinality(String),
    age             UInt8,
    tenure_days     UInt16,
    recency_days    UInt16,
    purchases       UInt32,
    purchases_90d   UInt32,
    spend           Int64,
    spend_28d       Int64,
    spend_90d       Int64,
    spend_months    Array(Int64),
    rhythm_days     Float32,
    category_shares Map(LowCardinality(String), Float32),
    top_category    LowCardinality(String),
    top_brand       LowCardinality(String),
    purchase_hours  Array(UInt16),
    response_hours  Array(UInt16),
    messages_180d   UInt16,
    responses_180d  UInt16
)
ENGINE = MergeTree
PARTITION BY snapshot
ORDER BY customer_key
