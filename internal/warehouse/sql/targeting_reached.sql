-- How many customers a past campaign treated.
SELECT toUInt64(groupBitmap(customer_key))
FROM audience
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND arm = 'treated'
