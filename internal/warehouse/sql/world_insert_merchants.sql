-- The world's merchants; written again they are the same rows.
INSERT INTO merchants (merchant, name, category, region, updated_at)
