-- Who made which model the champion of its kind, when and why. The latest row of a kind counts; none is ever changed.
CREATE TABLE IF NOT EXISTS model_promotions
(
    kind   LowCardinality(String),
    model  String,
    actor  String,
    reason String,
    at     DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (kind, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
