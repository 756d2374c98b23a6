-- Which of some payouts have a number of a pool below one. What an attempt that was thought dead is writing now lies above it.
SELECT DISTINCT payout FROM coupon_grants WHERE pool = {pool:String} AND number < {before:UInt64} AND payout IN {payouts:Array(String)}
