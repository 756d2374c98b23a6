-- The last customer about whom a run decided anything: where reading its decisions ends.
SELECT max(customer_key)
FROM audience
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
