-- What whoever opened or clicked a message of the run bought within some time after it, net, within the window: last-touch
-- attribution. It credits the run with what would have come anyway, so it is only ever shown beside the effect.
SELECT count(), countIf(clicked), toInt64(sum(after_open)), toInt64(sum(after_click))
FROM
(
    SELECT
        max(m.clicks != []) AS clicked,
        sumIf(t.net, arrayExists(x -> t.second >= x AND t.second < x + {within:UInt32}, m.opens)) AS after_open,
        sumIf(t.net, arrayExists(x -> t.second >= x AND t.second < x + {within:UInt32}, m.clicks)) AS after_click
    FROM
    (
        SELECT customer_key, groupUniqArray(toUInt32(at)) AS opens, groupUniqArrayIf(toUInt32(at), kind = 'click') AS clicks
        FROM interactions
        WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND kind IN ('open', 'click')
          AND at >= {opens:DateTime('UTC')} AND at < {closes:DateTime('UTC')}
        GROUP BY customer_key
    ) AS m
    LEFT JOIN
    (
        SELECT customer_key, toUInt32(at) AS second, if(kind = 'purchase', amount, -amount) AS net
        FROM transactions
        WHERE at >= {opens:DateTime('UTC')} AND at < {closes:DateTime('UTC')} AND currency = {currency:String}
          AND customer_key IN
          (
              SELECT customer_key FROM interactions
              WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND kind IN ('open', 'click')
          )
    ) AS t ON m.customer_key = t.customer_key
    GROUP BY m.customer_key
)
