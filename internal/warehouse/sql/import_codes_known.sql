-- Which of some codes a pool has already.
SELECT DISTINCT code FROM coupon_codes WHERE pool = {pool:String} AND code IN {codes:Array(String)}
