-- Whether these files were imported by this mapping before.
SELECT count() FROM imports WHERE import = {import:String} AND state = 'done'
