-- The features of the user's own, each version whole: the latest is in force, and a snapshot's catalogue says which one it was.
CREATE TABLE IF NOT EXISTS feature_definitions
(
    own      String,
    features String,
    author   String,
    made_at  DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY own
