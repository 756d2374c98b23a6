-- A byte a feature, in the order of the snapshot's binning: what models read.
ALTER TABLE features ADD COLUMN IF NOT EXISTS bins String
