-- Rows of the files, as they were cast.
INSERT INTO import_raw_contacts (rule, file, line_in_file, id, channel, address)
