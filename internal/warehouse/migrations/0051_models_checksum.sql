-- What tells an entry that was cut or changed from a whole one. Entries from before carry none.
ALTER TABLE models ADD COLUMN IF NOT EXISTS checksum String DEFAULT ''
