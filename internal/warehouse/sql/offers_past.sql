-- Campaigns in a currency that were over by an instant, the latest first, with the plan that was sent and how many
-- customers were drawn: what is learned of offers. A rehearsal teaches nothing.
SELECT toString(campaign) AS name, occurrence, plan, launched, ended, brief, drawn
FROM
(
    SELECT campaign, occurrence, max(campaigns.plan) AS plan, argMax(launch, campaigns.plan) AS launched, argMax(ends, campaigns.plan) AS ended, argMax(spec, campaigns.plan) AS brief
    FROM campaigns
    WHERE kind IN ('live', 'past') AND ends <= {instant:DateTime('UTC')} AND currency = {currency:String}
    GROUP BY campaign, occurrence
) AS over
INNER JOIN
(
    SELECT campaign, occurrence, plan, uniqExact(customer_key) AS drawn
    FROM audience
    WHERE arm IN ('treated', 'control')
    GROUP BY campaign, occurrence, plan
) AS sizes USING (campaign, occurrence, plan)
ORDER BY ended DESC, name, occurrence
LIMIT {most:UInt32}
