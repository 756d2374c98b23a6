-- How many customers a past campaign has in the given arms.
SELECT toUInt64(groupBitmap(customer_key))
FROM audience
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND toString(arm) IN {arms:Array(String)}
