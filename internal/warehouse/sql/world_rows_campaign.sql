-- The same for the rows of one past campaign.
SELECT count() FROM {table:Identifier}
WHERE campaign = {campaign:String} AND occurrence = 1 AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
