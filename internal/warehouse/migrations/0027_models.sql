-- Models that were fitted, with what they were fitted on: a campaign names the one it used.
CREATE TABLE IF NOT EXISTS models
(
    model      String,
    kind       LowCardinality(String),
    catalogue  String,
    trained_on String,
    rows       UInt64,
    metrics    String,
    parameters String,
    created_at DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY model
