-- One row for each, put together from all rules: the earlier rule wins, within a rule the later line; what no rule says stays
-- as it was. Rows that would change nothing are left out.
INSERT INTO import_ready_merchants (merchant, name, category, region, updated_at)
SELECT r.merchant, if(r.name != '', r.name, e.name), if(r.category != '', r.category, e.category), if(r.region != '', r.region, e.region), toDateTime64({imported:String}, 3, 'UTC')
FROM
(
    SELECT merchant, argMaxIf(name, priority, name != '') AS name,
           argMaxIf(category, priority, category != '') AS category,
           argMaxIf(region, priority, region != '') AS region
    FROM import_raw_merchants
    GROUP BY merchant
) AS r
LEFT JOIN
(
    SELECT merchant, 1 AS there, toString(argMax(name, updated_at)) AS name,
           toString(argMax(category, updated_at)) AS category,
           toString(argMax(region, updated_at)) AS region
    FROM merchants
    WHERE merchant IN (SELECT merchant FROM import_raw_merchants)
    GROUP BY merchant
) AS e ON e.merchant = r.merchant
WHERE e.there = 0 OR r.name NOT IN ('', e.name) OR r.category NOT IN ('', e.category) OR r.region NOT IN ('', e.region)
