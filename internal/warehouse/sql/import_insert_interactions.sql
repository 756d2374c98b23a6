-- Rows of the files, as they were cast.
INSERT INTO import_raw_interactions (rule, file, line_in_file, id, at, kind, channel, campaign, occurrence, touch, key)
