-- The audit trail: who decided what, about which hash, with which signature.
CREATE TABLE IF NOT EXISTS decisions
(
    campaign   LowCardinality(String),
    occurrence UInt32,
    plan       UInt16,
    decision   String,
    action     LowCardinality(String),
    actor      LowCardinality(String),
    subject    String,
    detail     String,
    signature  String,
    at         DateTime64(3, 'UTC'),
    wall_at    DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (campaign, occurrence, decision)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
