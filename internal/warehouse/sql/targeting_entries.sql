-- All models, the latest first, without what they are made of.
SELECT model, kind, catalogue, trained_on, metrics, rows, created_at
FROM models
WHERE {kind:String} = '' OR kind = {kind:String}
ORDER BY created_at DESC, model
LIMIT 1 BY model
LIMIT {most:UInt32}
