-- Rows of the files, as they were cast.
INSERT INTO import_raw_customers (rule, file, line_in_file, id, segment, region, zone, language, gender, birth_year, joined, attributes)
