-- The balance of each account, or of one, at an instant of campaign time. A posting that is there twice is one posting.
SELECT account, sum(amount)
FROM
(
    SELECT transaction, leg, account, amount
    FROM postings
    WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND ({account:String} = '' OR account = {account:String})
      AND at <= {until:DateTime('UTC')}
    LIMIT 1 BY transaction, leg, account, amount
)
GROUP BY account
