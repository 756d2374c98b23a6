-- Which customers of a range have what an interest is learned from: they bought in the categories or of the brands within a
-- year before the instant, or were reached by the campaigns and opened or clicked.
SELECT DISTINCT customer_key
FROM transactions
WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND kind = 'purchase'
  AND at >= {instant:DateTime('UTC')} - INTERVAL 365 DAY AND at < {instant:DateTime('UTC')}
  AND (toString(category) IN {categories:Array(String)} OR toString(brand) IN {brands:Array(String)})
UNION DISTINCT
SELECT DISTINCT customer_key
FROM interactions
WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND kind IN ('open', 'click') AND at < {instant:DateTime('UTC')}
  AND toString(campaign) IN {campaigns:Array(String)}
