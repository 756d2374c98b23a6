-- Lines whose product no file describes: they are kept, and counted.
SELECT count()
FROM import_ready_transactions
WHERE product != '' AND product NOT IN (SELECT product FROM products UNION ALL SELECT product FROM import_ready_products)
