-- Lines of purchases as the files have them; line 0 is still to be numbered.
CREATE TABLE IF NOT EXISTS import_raw_transactions
(
    rule UInt16,
    file UInt32,
    line_in_file UInt64,
    id String,
    at Int64,
    purchase UInt64,
    line Int64,
    kind Int64,
    amount Int64,
    currency String,
    quantity Int64,
    product String,
    category String,
    brand String,
    merchant String,
    channel String,
    original UInt64,
    reference String,
    nature String,
    bucket UInt8 MATERIALIZED cityHash64(id) % 64
)
ENGINE = MergeTree
ORDER BY bucket
