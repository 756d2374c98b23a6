-- As features_bins, of customers of a past campaign as they were just before it.
SELECT groupConcat(concat(char(bitAnd(customer_key, 255), bitAnd(bitShiftRight(customer_key, 8), 255), bitAnd(bitShiftRight(customer_key, 16), 255), bitShiftRight(customer_key, 24)), bins))
FROM
(
    /* binned */
)
