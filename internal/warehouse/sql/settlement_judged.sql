-- Whose steps of which offers were found when a run was settled, by whatever attempt: also those who came when the rewards
-- were gone. They were known in time.
SELECT DISTINCT customer_key, toString(offer), round
FROM candidates
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
