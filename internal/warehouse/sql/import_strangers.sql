-- Rows of customers that no file introduces: counted and kept by file and line, without the id, which is personal.
INSERT INTO import_ready_quarantine (import, target, file, line, field, reason, raw, at)
SELECT {import:String}, {target:String}, arrayElement({files:Array(String)}, file + 1), line_in_file, 'id', 'no such customer', '', toDateTime64({imported:String}, 3, 'UTC')
FROM {raw:Identifier}
WHERE id NOT IN (SELECT id FROM import_keys)
