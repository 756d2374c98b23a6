-- Every decision about one range of customers of a run, in the order in which they were made, each once: what was decided,
-- why, and by which numbers. The rules, the model and the snapshot behind them are the run's, and stand in its brief.
SELECT step, key, decided, why, numbers, version, at
FROM
(
    SELECT 1 AS n, 'audience' AS step, customer_key AS key, toString(arm) AS decided, toString(reason) AS why,
           concat('score=', toString(score), ' propensity=', toString(propensity)) AS numbers, toString(plan) AS version, toDateTime64(launch, 3, 'UTC') AS at
    FROM audience
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
    LIMIT 1 BY key

    UNION ALL

    SELECT 2, 'offer', customer_key AS key, toString(offer), if(explore = 1, 'explored', 'best'),
           concat('threshold=', toString(threshold), ' reward=', toString(reward), ' forecast=', toString(forecast), ' reach=', toString(p_reach), ' reach_without=', toString(p_reach_without),
                  ' value=', toString(value), ' cost=', toString(expected_cost), ' propensity=', toString(propensity), if(content = '', '', concat(' content=', content))),
           toString(plan), toDateTime64(launch, 3, 'UTC')
    FROM assignments
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
    LIMIT 1 BY key

    UNION ALL

    SELECT 3, 'hour', customer_key AS key, if(blocked = '', concat(touch, ' by ', channel), concat(touch, ' blocked')), if(blocked = '', toString(source), toString(blocked)),
           concat('wave=', toString(wave), ' propensity=', toString(hour_propensity)), concat(toString(plan), '.', toString(rebase)), toDateTime64(planned_at, 3, 'UTC')
    FROM planned_deliveries
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
    LIMIT 1 BY touch, rebase, key

    UNION ALL

    SELECT 4, 'message', customer_key AS key, concat(touch, ' ', toString(state)), toString(reason),
           concat('channel=', channel, ' attempt=', toString(attempt), if(template = '', '', concat(' template=', template)), if(body_sha256 = '', '', concat(' sha256=', body_sha256))),
           toString(wave), at
    FROM delivery_events
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND state != 'attempting'
    LIMIT 1 BY touch, key, attempt, state

    UNION ALL

    SELECT 5, 'reward', customer_key AS key, concat(toString(offer), ' met'), '',
           concat('due=', toString(due), ' spend=', toString(spend), ' purchase=', toString(purchase), ' round=', toString(round)), currency, toDateTime64(qualified_at, 3, 'UTC')
    FROM redemptions
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
    LIMIT 1 BY key, offer, round

    UNION ALL

    SELECT 6, 'payout', customer_key AS key, toString(state), toString(reason), concat('amount=', toString(amount), ' payout=', payout, ' attempt=', toString(attempt)), currency, toDateTime64(at, 3, 'UTC')
    FROM payout_events
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND state != 'requested'
    LIMIT 1 BY payout, attempt, state
)
WHERE {step:String} = '' OR step = {step:String}
ORDER BY key, n, at
