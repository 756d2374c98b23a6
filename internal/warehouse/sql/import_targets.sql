-- The tables that an import writes to, as it recorded when it was decided.
SELECT DISTINCT target FROM imports WHERE import = {import:String} AND file = '' ORDER BY target
