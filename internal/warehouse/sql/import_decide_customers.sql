-- One row for each, put together from all rules: the earlier rule wins, within a rule the later line; what no rule says stays
-- as it was. Rows that would change nothing are left out.
INSERT INTO import_ready_customers (customer_key, segment, region, zone, language, gender, birth_year, joined, attributes, updated_at)
SELECT k.customer_key, if(r.segment != '', r.segment, e.segment), if(r.region != '', r.region, e.region), if(r.zone != '', r.zone, e.zone), if(r.language != '', r.language, e.language), if(r.gender != '', r.gender, e.gender), if(r.birth_year != 0, r.birth_year, e.birth_year), toDate(toUInt16(if(r.joined != 0, r.joined, e.joined))), mapSort(mapUpdate(e.attributes, r.attributes)), toDateTime64({imported:String}, 3, 'UTC')
FROM
(
    SELECT id, argMaxIf(segment, priority, segment != '') AS segment,
           argMaxIf(region, priority, region != '') AS region,
           argMaxIf(zone, priority, zone != '') AS zone,
           argMaxIf(language, priority, language != '') AS language,
           argMaxIf(gender, priority, gender != '') AS gender,
           argMaxIf(birth_year, priority, birth_year != 0) AS birth_year,
           argMaxIf(joined, priority, joined != 0) AS joined,
           argMaxIf(attributes, priority, notEmpty(attributes)) AS attributes
    FROM import_raw_customers
    WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8}
    GROUP BY id
) AS r
INNER JOIN (SELECT id, customer_key FROM import_keys WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8}) AS k ON k.id = r.id
LEFT JOIN
(
    SELECT customer_key, 1 AS there, toString(argMax(segment, updated_at)) AS segment,
           toString(argMax(region, updated_at)) AS region,
           toString(argMax(zone, updated_at)) AS zone,
           toString(argMax(language, updated_at)) AS language,
           toString(argMax(gender, updated_at)) AS gender,
           toInt64(argMax(birth_year, updated_at)) AS birth_year,
           toInt64(toUInt16(argMax(joined, updated_at))) AS joined,
           CAST(argMax(attributes, updated_at), 'Map(String, String)') AS attributes
    FROM customers
    WHERE customer_key IN (SELECT customer_key FROM import_keys WHERE bucket BETWEEN {low:UInt8} AND {high:UInt8})
    GROUP BY customer_key
) AS e ON e.customer_key = k.customer_key
WHERE e.there = 0 OR r.segment NOT IN ('', e.segment) OR r.region NOT IN ('', e.region) OR r.zone NOT IN ('', e.zone) OR r.language NOT IN ('', e.language) OR r.gender NOT IN ('', e.gender) OR r.birth_year NOT IN (0, e.birth_year) OR r.joined NOT IN (0, e.joined) OR mapSort(mapUpdate(e.attributes, r.attributes)) != mapSort(e.attributes)
