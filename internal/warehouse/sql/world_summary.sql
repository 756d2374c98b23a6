-- What the source tables hold, for the line that starter prints, and whether there is anything that a world must not touch.
SELECT
    (SELECT count() FROM customers),
    count(),
    countIf(kind = 'purchase' AND line = 1),
    min(at),
    max(at),
    (SELECT count() FROM interactions),
    (SELECT uniqExact(campaign) FROM campaigns WHERE kind = 'past'),
    (SELECT count() FROM imports),
    (SELECT count() FROM campaigns WHERE kind = 'live')
FROM transactions
