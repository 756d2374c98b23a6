-- The last sign of life; one that stands still is of a dead import.
SELECT max(beat) FROM import_lock
