-- Who promoted which models, the latest first.
SELECT toString(kind), model, actor, reason, at
FROM model_promotions
WHERE {kind:String} = '' OR kind = {kind:String}
ORDER BY at DESC, model
LIMIT 1000
