-- All that has been learned of offers in a currency, the latest first: each version is what some plan started from.
SELECT toString(id), at, knowledge
FROM offer_knowledge
WHERE currency = {currency:String}
ORDER BY at DESC, id
LIMIT 1 BY id
LIMIT {most:UInt32}
