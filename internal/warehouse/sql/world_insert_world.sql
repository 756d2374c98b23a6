-- Up to when a range has lived: written last, when all its rows are there.
INSERT INTO world (seed, customers, months, parameters, low, high, lived_from, lived_to, at)
