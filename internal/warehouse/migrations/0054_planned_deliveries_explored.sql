-- 1 for whom any allowed hour was drawn, whatever became of it: who is moved because that hour was full stays in the group that they were drawn into.
ALTER TABLE planned_deliveries ADD COLUMN IF NOT EXISTS explored UInt8
