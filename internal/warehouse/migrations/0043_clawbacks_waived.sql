-- What was not earned and is not taken back, because the customer's balance would fall below the policy's floor. Minor units.
ALTER TABLE clawbacks ADD COLUMN IF NOT EXISTS waived Int64 DEFAULT 0
