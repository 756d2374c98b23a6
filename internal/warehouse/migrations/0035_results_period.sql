-- Sums to the end of each look within the window, from 1; 0 is the whole window.
ALTER TABLE results ADD COLUMN IF NOT EXISTS period UInt16 AFTER segment
