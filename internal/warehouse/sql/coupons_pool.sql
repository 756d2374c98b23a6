-- How many codes a pool has, and the first number that nobody has yet.
SELECT
    assumeNotNull((SELECT if(count() = 0, 0, max(number) + 1) FROM coupon_codes WHERE pool = {pool:String})),
    assumeNotNull((SELECT if(count() = 0, 0, max(number) + 1) FROM coupon_grants WHERE pool = {pool:String}))
