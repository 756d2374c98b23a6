-- Rows of the files, as they were cast.
INSERT INTO import_raw_merchants (rule, file, line_in_file, merchant, name, category, region)
