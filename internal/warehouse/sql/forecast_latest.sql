-- The last forecast of a campaign.
SELECT forecast
FROM forecasts
WHERE campaign = {campaign:String}
ORDER BY at DESC, forecast DESC
LIMIT 1
