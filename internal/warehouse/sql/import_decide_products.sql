-- One row for each, put together from all rules: the earlier rule wins, within a rule the later line; what no rule says stays
-- as it was. Rows that would change nothing are left out.
INSERT INTO import_ready_products (product, name, category, brand, merchant, attributes, updated_at)
SELECT r.product, if(r.name != '', r.name, e.name), if(r.category != '', r.category, e.category), if(r.brand != '', r.brand, e.brand), if(r.merchant != '', r.merchant, e.merchant), mapSort(mapUpdate(e.attributes, r.attributes)), toDateTime64({imported:String}, 3, 'UTC')
FROM
(
    SELECT product, argMaxIf(name, priority, name != '') AS name,
           argMaxIf(category, priority, category != '') AS category,
           argMaxIf(brand, priority, brand != '') AS brand,
           argMaxIf(merchant, priority, merchant != '') AS merchant,
           argMaxIf(attributes, priority, notEmpty(attributes)) AS attributes
    FROM import_raw_products
    GROUP BY product
) AS r
LEFT JOIN
(
    SELECT product, 1 AS there, toString(argMax(name, updated_at)) AS name,
           toString(argMax(category, updated_at)) AS category,
           toString(argMax(brand, updated_at)) AS brand,
           toString(argMax(merchant, updated_at)) AS merchant,
           CAST(argMax(attributes, updated_at), 'Map(String, String)') AS attributes
    FROM products
    WHERE product IN (SELECT product FROM import_raw_products)
    GROUP BY product
) AS e ON e.product = r.product
WHERE e.there = 0 OR r.name NOT IN ('', e.name) OR r.category NOT IN ('', e.category) OR r.brand NOT IN ('', e.brand) OR r.merchant NOT IN ('', e.merchant) OR mapSort(mapUpdate(e.attributes, r.attributes)) != mapSort(e.attributes)
