-- What became due of each offer in a range of customers: it is taken from what was reserved for them.
SELECT reference, sum(moved)
FROM
(
    SELECT transaction, leg, reference, -amount AS moved
    FROM postings
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND kind = 'dues' AND account = 'budget:reserved'
      AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
    LIMIT 1 BY transaction, leg
)
GROUP BY reference
