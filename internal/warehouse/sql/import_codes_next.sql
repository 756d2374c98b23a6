-- The number that the next code of a pool gets.
SELECT if(count() = 0, 0, max(number) + 1) FROM coupon_codes WHERE pool = {pool:String}
