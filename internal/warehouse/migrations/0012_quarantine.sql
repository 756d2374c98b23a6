-- Rows that could not be read, with file, line and reason, so that nothing is lost.
CREATE TABLE IF NOT EXISTS quarantine
(
    import String,
    target LowCardinality(String),
    file   String,
    line   UInt64,
    field  LowCardinality(String),
    reason String,
    raw    String,
    at     DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (import, line, field)
