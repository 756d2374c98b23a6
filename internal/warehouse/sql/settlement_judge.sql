-- Who of a range of customers met the terms, and by which purchase. settlement.Judge is the same in Go and explains it
-- for one customer; a property test holds the two against each other. A message may have arrived when an attempt of it
-- ended in one of {states}, and it must have left by the time the window closed.
WITH
    reached AS
    (
        SELECT customer_key, toDateTime(min(first_at), 'UTC') AS received
        FROM
        (
            SELECT customer_key, touch, attempt, max(state) AS final_state, minIf(at, state != 'planned') AS first_at
            FROM delivery_events
            WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32}
              AND customer_key BETWEEN {low:UInt32} AND {high:UInt32}
            GROUP BY customer_key, touch, attempt
            HAVING has({states:Array(String)}, toString(final_state))
        )
        WHERE first_at <= toDateTime64({closes:DateTime('UTC')}, 3, 'UTC')
        GROUP BY customer_key
    ),
    offered AS
    (
        SELECT
            customer_key, offer, threshold, reward,
            if({from_receipt:UInt8} = 1, greatest({opens:DateTime('UTC')}, received), {opens:DateTime('UTC')}) AS counts_from,
            least({closes:DateTime('UTC')}, {known:DateTime('UTC')},
                if({within:UInt32} = 0, {closes:DateTime('UTC')}, received + toIntervalSecond({within:UInt32}))) AS counts_until
        FROM
        (
            SELECT customer_key, offer, threshold, reward
            FROM assignments
            WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND plan = {plan:UInt16}
              AND customer_key BETWEEN {low:UInt32} AND {high:UInt32} AND reward > 0
            LIMIT 1 BY customer_key
        ) AS assigned
        INNER JOIN reached USING (customer_key)
    ),
    lines AS
    (
        SELECT customer_key, at, id, kind, amount, original
        FROM transactions
        WHERE customer_key BETWEEN {low:UInt32} AND {high:UInt32}
          AND at >= {opens:DateTime('UTC')} AND at < {known:DateTime('UTC')}
          AND currency = {currency:String}
          AND (kind = 'purchase' OR {gross:UInt8} = 0)
          AND
          (
              (
                  (empty({categories:Array(String)}) OR has({categories:Array(String)}, category))
                  AND (empty({brands:Array(String)}) OR has({brands:Array(String)}, brand))
                  AND NOT has({excluded:Array(String)}, category)
              )
              OR (kind != 'purchase' AND product = '' AND category = '' AND brand = '')
          )
        LIMIT 1 BY customer_key, at, id, line, kind
    ),
    purchases AS
    (
        SELECT
            customer_key,
            if(kind = 'purchase', id, original) AS purchase,
            any(offer) AS their_offer,
            any(threshold) AS their_threshold,
            any(reward) AS their_reward,
            minIf(at, kind = 'purchase') AS bought_at,
            sumIf(amount, kind = 'purchase') AS bought,
            sumIf(amount, kind != 'purchase') AS taken,
            bought - taken AS net
        FROM lines
        INNER JOIN offered USING (customer_key)
        WHERE kind != 'purchase' OR (at >= counts_from AND at < counts_until)
        GROUP BY customer_key, purchase
        HAVING countIf(kind = 'purchase') > 0 AND net > 0
    ),
    customers_in_order AS
    (
        SELECT
            customer_key,
            any(their_offer) AS offer,
            any(their_threshold) AS threshold,
            any(their_reward) AS reward,
            arraySort(p -> (p.1, p.2), groupArray((bought_at, purchase, net))) AS in_order,
            arrayMap(p -> p.3, in_order) AS nets,
            if({single:UInt8} = 1, nets, arrayCumSum(nets)) AS measured,
            arrayFirstIndex(m -> m >= threshold, measured) AS first_reached
        FROM purchases
        GROUP BY customer_key
    )
SELECT
    customer_key, offer, reward,
    in_order[first_reached].1 AS qualified_at,
    in_order[first_reached].2 AS by_purchase,
    measured[first_reached] AS spend
FROM customers_in_order
WHERE first_reached > 0
ORDER BY customer_key
