-- How many postings each batch has, whether it is recorded or not: rows of a batch that nobody recorded were put there.
SELECT batch, count(), uniqExact(transaction)
FROM
(
    SELECT DISTINCT batch, transaction, leg, kind, account, customer_key, amount, currency, at, reference
    FROM postings
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
)
GROUP BY batch
ORDER BY batch
