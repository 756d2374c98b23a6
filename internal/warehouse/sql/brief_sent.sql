-- Has this occurrence sent anything (an attempt counts) while it was registered under another brief? Then its id is used up.
SELECT count() > 0
FROM campaigns
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND hash != {hash:String}
  AND (SELECT count() FROM delivery_events
       WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND state >= 'attempting') > 0
