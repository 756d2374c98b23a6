-- How many rows a table holds of one run.
SELECT count()
FROM {table:Identifier}
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
