-- What single transactions put into the reserved budget.
SELECT transaction, any(amount)
FROM postings
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
  AND has({transactions:Array(String)}, transaction) AND account = 'budget:reserved'
GROUP BY transaction
