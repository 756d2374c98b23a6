-- Rows of the files, as they were cast.
INSERT INTO import_raw_consents (rule, file, line_in_file, id, channel, purpose, night, at, granted, evidence)
