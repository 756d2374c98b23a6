-- A model by its id; rows of one id are identical.
SELECT parameters, metrics
FROM models
WHERE model = {model:String}
LIMIT 1
