-- Addresses per channel (email, sms, kakao, push), apart from the rest so that they can be granted and erased apart.
CREATE TABLE IF NOT EXISTS contacts
(
    customer_key UInt32,
    channel      LowCardinality(String),
    address      String,
    updated_at   DateTime64(3, 'UTC') CODEC(Delta, ZSTD)
)
ENGINE = ReplacingMergeTree(updated_at)
ORDER BY (customer_key, channel)
