-- Rows of the files, as they were cast.
INSERT INTO import_raw_brands (rule, file, line_in_file, brand, name, category)
