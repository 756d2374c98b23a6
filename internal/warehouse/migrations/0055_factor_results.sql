-- What the levels of a campaign's factors came to, kept so that a report never changes because purchases were imported later.
-- sums are of everybody once and then by the inverse of the chance of their content: w, ww, wy, wx, wwy, wwx, wwyy, wwxx, wwxy.
CREATE TABLE IF NOT EXISTS factor_results
(
    campaign   LowCardinality(String),
    occurrence UInt32,
    plan       UInt16,
    offer      LowCardinality(String),
    timing     LowCardinality(String),
    content    LowCardinality(String),
    sums       Array(Float64),
    at         DateTime('UTC')
)
ENGINE = MergeTree
ORDER BY (campaign, occurrence, plan, offer, timing, content)
