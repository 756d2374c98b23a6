-- Throws a world away, or what was made of it, on --replace only.
TRUNCATE TABLE {table:Identifier}
