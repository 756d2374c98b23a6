-- The last report of an occurrence.
SELECT report
FROM reports
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
ORDER BY plan DESC, at DESC, length(report) DESC
LIMIT 1
