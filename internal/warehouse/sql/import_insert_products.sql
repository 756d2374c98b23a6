-- Rows of the files, as they were cast.
INSERT INTO import_raw_products (rule, file, line_in_file, product, name, category, brand, merchant, attributes)
