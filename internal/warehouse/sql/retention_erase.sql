-- A person is erased where their name, address and id in the user's own data stand: everything else knows a number.
ALTER TABLE {table:Identifier} DELETE WHERE customer_key = {customer:UInt32} SETTINGS mutations_sync = 2
