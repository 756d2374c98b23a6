-- Which transactions of a kind are booked for a range of customers; what is of no customer has key 0.
SELECT DISTINCT transaction
FROM postings
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND kind = {kind:String}
  AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
