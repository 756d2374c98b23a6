-- A model's entry by its id; rows of one id are identical.
SELECT model, kind, catalogue, trained_on, metrics, parameters, checksum, rows, created_at
FROM models
WHERE model = {model:String}
LIMIT 1
