-- Decisions about customers go when they need not be kept any more, all of a run at once.
ALTER TABLE {table:Identifier} DELETE WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} SETTINGS mutations_sync = 2
