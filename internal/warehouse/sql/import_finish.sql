-- The last act of an import: the same rows as when it was decided, done.
INSERT INTO imports (import, target, file, bytes, rows, rejected, state, at)
SELECT import, target, file, bytes, rows, rejected, 'done', at
FROM imports
WHERE import = {import:String} AND state = 'running'
LIMIT 1 BY target, file
