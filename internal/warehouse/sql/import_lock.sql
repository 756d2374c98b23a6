-- One import at a time: making this table succeeds for one of them only.
CREATE TABLE import_lock
(
    beat UInt64
)
ENGINE = MergeTree
ORDER BY beat
