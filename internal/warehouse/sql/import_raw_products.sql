-- Products as the files have them; several rules may each know a part of one.
CREATE TABLE IF NOT EXISTS import_raw_products
(
    rule UInt16,
    file UInt32,
    line_in_file UInt64,
    product String,
    name String,
    category String,
    brand String,
    merchant String,
    attributes Map(String, String)
)
ENGINE = MergeTree
ORDER BY tuple()
