-- Rows of the files, as they were cast.
INSERT INTO import_raw_identities (rule, file, line_in_file, id, name)
