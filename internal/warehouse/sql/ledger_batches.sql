-- The recorded links of the chain.
SELECT DISTINCT batch, kind, postings, previous, head, at
FROM batches
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
ORDER BY batch, head
