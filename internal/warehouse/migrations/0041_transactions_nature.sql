-- What was bought where it is not goods: cash_advance, fee, gift_card, or a word of the user's own. Terms may exclude it.
ALTER TABLE transactions ADD COLUMN IF NOT EXISTS nature LowCardinality(String)
