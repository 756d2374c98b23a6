-- Under which launches the postings of each batch are filed. Rows that differ in that alone are one posting.
SELECT batch, arraySort(groupUniqArray(toString(launch)))
FROM postings
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
GROUP BY batch
