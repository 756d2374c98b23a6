-- The leases of a touch: the last end of each owner's, and whether it was given back.
SELECT rebase, wave, low, high, owner, max(until) AS ends, max(released) AS given_back
FROM sending_leases
WHERE campaign = {campaign:String} AND occurrence = {occurrence:UInt32} AND touch = {touch:String}
GROUP BY rebase, wave, low, high, owner
ORDER BY owner
