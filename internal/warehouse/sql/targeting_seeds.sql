-- Which customers of a range have what an interest is learned from: within a year before the instant they bought in the categories, of
-- the brands, one of the products, or a product that shares at least two in three of the attributes; or they opened or clicked
-- a message of the campaigns.
SELECT DISTINCT customer_key
FROM transactions
WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND kind = 'purchase'
  AND at >= {instant:DateTime('UTC')} - INTERVAL 365 DAY AND at < {instant:DateTime('UTC')}
  AND (toString(category) IN {categories:Array(String)} OR toString(brand) IN {brands:Array(String)} OR toString(product) IN {products:Array(String)}
    OR toString(product) IN
    (
        SELECT product
        FROM (SELECT product, category, brand, merchant, attributes FROM products ORDER BY product, updated_at DESC LIMIT 1 BY product)
        WHERE notEmpty({attributes:Array(String)})
          AND 3 * arrayCount((name, value) -> multiIf(name = 'category', toString(category), name = 'brand', toString(brand), name = 'merchant', merchant, attributes[name]) = value,
                {attributes:Array(String)}, {values:Array(String)}) >= 2 * length({attributes:Array(String)})
    ))
UNION DISTINCT
SELECT DISTINCT customer_key
FROM interactions
WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND kind IN ('open', 'click') AND at < {instant:DateTime('UTC')}
  AND toString(campaign) IN {campaigns:Array(String)}
