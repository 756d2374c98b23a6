-- How many rows arrived, to be compared with how many were sent.
SELECT count() FROM {name:Identifier}
