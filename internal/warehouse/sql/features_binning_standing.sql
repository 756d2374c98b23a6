-- The binning that a catalogue has already: of several, the one that was made from the most customers, and the earliest of those.
SELECT binning, customers
FROM feature_binnings
WHERE catalogue = {catalogue:String} AND currency = {currency:String}
ORDER BY customers DESC, instant, binning
LIMIT 1
