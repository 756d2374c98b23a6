-- Where our payouts and the provider's statement disagree, followed from statement to statement; and dues that a person decided
-- will not be paid. States are ranked: the present one is the greatest, and the owner is whom it was given to last.
CREATE TABLE IF NOT EXISTS payout_breaks
(
    campaign     LowCardinality(String),
    occurrence   UInt32,
    launch       Date,
    payout       String,
    kind         LowCardinality(String),
    incident     UInt16,
    customer_key UInt32,
    ours         Int64,
    theirs       Int64,
    currency     LowCardinality(String),
    opened       DateTime('UTC'),
    state        Enum8('open' = 10, 'resolved' = 20),
    owner        LowCardinality(String),
    resolution   String,
    actor        LowCardinality(String),
    wall_at      DateTime64(3, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(launch)
ORDER BY (campaign, occurrence, payout, kind, incident)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
