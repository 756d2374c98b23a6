-- Rows of the files, as they were cast.
INSERT INTO import_raw_suppressions (rule, file, line_in_file, id, channel, reason, at, until)
