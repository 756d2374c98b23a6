-- How much of the dues of a range was set against what their customers owed, by the due that the netting names.
SELECT customer_key, reference, amount
FROM postings
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND kind = 'net' AND account = 'netting:clearing'
  AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND startsWith(reference, {of:String})
LIMIT 1 BY transaction, leg
