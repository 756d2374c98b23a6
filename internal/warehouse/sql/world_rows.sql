-- How many rows a range of customers has: a block is there whole or not at all, so this tells what a killed run left.
SELECT count() FROM {table:Identifier} WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
