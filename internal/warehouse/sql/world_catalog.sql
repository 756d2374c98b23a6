-- What a killed run left of the tables that belong to no range of customers.
SELECT
    (SELECT count() FROM brands),
    (SELECT count() FROM merchants),
    (SELECT count() FROM products),
    (SELECT count() FROM campaigns WHERE kind = 'past')
