-- Who may send a touch's deliveries of a range of customers, and until when by the wall clock. Rows are only added: a lease's
-- end is the greatest of its owner's rows, and it is given back when one of them says so. docs/dispatch.md argues why this is safe.
CREATE TABLE IF NOT EXISTS sending_leases
(
    campaign   LowCardinality(String),
    occurrence UInt32,
    launch     Date,
    touch      LowCardinality(String),
    rebase     UInt16,
    wave       UInt32,
    low        UInt32,
    high       UInt32,
    owner      String,
    until      DateTime64(3, 'UTC'),
    released   UInt8
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(launch)
ORDER BY (campaign, occurrence, touch, owner, until)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
