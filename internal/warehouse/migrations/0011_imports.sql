-- What was imported: identity is the hash of file content and mapping; rows in and rejected; state running, done.
CREATE TABLE IF NOT EXISTS imports
(
    import      String,
    target      LowCardinality(String),
    file        String,
    bytes       UInt64,
    rows        UInt64,
    rejected    UInt64,
    state       Enum8('running' = 1, 'done' = 2),
    at          DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (import, state)
