-- One row for each, put together from all rules: the earlier rule wins, within a rule the later line; what no rule says stays
-- as it was. Rows that would change nothing are left out.
INSERT INTO import_ready_brands (brand, name, category, updated_at)
SELECT r.brand, if(r.name != '', r.name, e.name), if(r.category != '', r.category, e.category), toDateTime64({imported:String}, 3, 'UTC')
FROM
(
    SELECT brand, argMaxIf(name, priority, name != '') AS name,
           argMaxIf(category, priority, category != '') AS category
    FROM import_raw_brands
    GROUP BY brand
) AS r
LEFT JOIN
(
    SELECT brand, 1 AS there, toString(argMax(name, updated_at)) AS name,
           toString(argMax(category, updated_at)) AS category
    FROM brands
    WHERE brand IN (SELECT brand FROM import_raw_brands)
    GROUP BY brand
) AS e ON e.brand = r.brand
WHERE e.there = 0 OR r.name NOT IN ('', e.name) OR r.category NOT IN ('', e.category)
