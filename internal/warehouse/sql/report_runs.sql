-- The occurrences and plans of a campaign, the last one first.
SELECT DISTINCT occurrence, plan, launch
FROM campaigns
WHERE campaign = {campaign:String} AND ({occurrence:UInt32} = 0 OR occurrence = {occurrence:UInt32}) AND kind != 'past'
ORDER BY occurrence DESC, plan DESC
