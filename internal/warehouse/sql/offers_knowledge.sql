-- What was learned of offers, by its id; rows of one id are identical.
SELECT knowledge
FROM offer_knowledge
WHERE id = {id:String}
LIMIT 1
