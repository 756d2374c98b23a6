-- The world's products; written again they are the same rows.
INSERT INTO products (product, name, category, brand, merchant, updated_at)
