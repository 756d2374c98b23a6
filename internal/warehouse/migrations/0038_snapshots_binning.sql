-- The edges by which the snapshot's values are bins.
ALTER TABLE snapshots ADD COLUMN IF NOT EXISTS binning String
