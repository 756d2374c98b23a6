-- One row a line of a purchase. id is the purchase (basket), line its lines from 1: purchases are counted where line = 1.
-- amount is never negative, in minor units; a refund or cancellation is a row of its own whose kind takes it away, original names the purchase.
CREATE TABLE IF NOT EXISTS transactions
(
    customer_key UInt32 CODEC(Delta, ZSTD),
    at           DateTime('UTC') CODEC(Delta, ZSTD),
    id           UInt64 CODEC(ZSTD),
    line         UInt16 CODEC(ZSTD),
    kind         Enum8('purchase' = 1, 'refund' = 2, 'cancellation' = 3),
    amount       Int64 CODEC(T64, ZSTD),
    currency     LowCardinality(String),
    quantity     Int32 CODEC(T64, ZSTD),
    product      LowCardinality(String),
    category     LowCardinality(String),
    brand        LowCardinality(String),
    merchant     LowCardinality(String),
    channel      LowCardinality(String),
    original     UInt64 CODEC(ZSTD),
    reference    String CODEC(ZSTD)
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (customer_key, at, id, line)
