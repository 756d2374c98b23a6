-- The report of a run as one JSON document, final when its campaign is settled.
CREATE TABLE IF NOT EXISTS reports
(
    campaign   LowCardinality(String),
    occurrence UInt32,
    plan       UInt16,
    report     String,
    at         DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (campaign, occurrence, plan, at)
