-- The postings of one customer, as they were booked.
SELECT DISTINCT batch, transaction, leg, kind, account, customer_key, amount, currency, at, reference
FROM postings
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND customer_key = {customer:UInt32}
ORDER BY batch, transaction, leg
