-- Which campaigns exist, with their spec: the id of one that has sent is never used again.
CREATE TABLE IF NOT EXISTS campaigns
(
    campaign   LowCardinality(String),
    occurrence UInt32,
    plan       UInt16,
    kind       Enum8('live' = 1, 'rehearsal' = 2, 'past' = 3),
    launch     DateTime('UTC'),
    ends       DateTime('UTC'),
    currency   LowCardinality(String),
    spec       String,
    hash       String,
    at         DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (campaign, occurrence, plan)
