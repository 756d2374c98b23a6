-- What the rehearsals of a plan said it would bring, as one JSON document; the last one of a campaign counts.
CREATE TABLE IF NOT EXISTS forecasts
(
    campaign LowCardinality(String),
    forecast String,
    at       DateTime64(3, 'UTC')
)
ENGINE = MergeTree
ORDER BY (campaign, at)
