-- The simulated population that this warehouse holds, if it does, and up to which instant each range of customers has lived.
CREATE TABLE IF NOT EXISTS world
(
    seed       UInt64,
    customers  UInt32,
    months     UInt16,
    parameters String,
    low        UInt32,
    high       UInt32,
    lived_from DateTime('UTC'),
    lived_to   DateTime('UTC'),
    at         DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (low, lived_to)
