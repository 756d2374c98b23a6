-- Rows of the files, as they were cast.
INSERT INTO import_raw_transactions (rule, file, line_in_file, id, at, purchase, line, kind, amount, currency, quantity, product, category, brand, merchant, channel, original, reference, nature)
