-- The postings of one batch as they are hashed: all columns, in one order. Equal rows are one row; rows that differ in
-- anything are not, so that a row put beside a true one is found.
SELECT DISTINCT transaction, leg, kind, account, customer_key, amount, currency, at, reference
FROM postings
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND batch = {batch:UInt32}
ORDER BY transaction, leg, kind, account, customer_key, amount, currency, at, reference
