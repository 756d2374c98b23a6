-- Rejected rows, held back until the import as a whole is known to be good.
INSERT INTO import_ready_quarantine (import, target, file, line, field, reason, raw, at)
