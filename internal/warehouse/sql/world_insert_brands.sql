-- The world's brands; written again they are the same rows.
INSERT INTO brands (brand, name, category, updated_at)
