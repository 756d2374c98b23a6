-- The chance with which the content was drawn, which is part of propensity; 0 where it was not written.
ALTER TABLE assignments ADD COLUMN IF NOT EXISTS content_propensity Float32
