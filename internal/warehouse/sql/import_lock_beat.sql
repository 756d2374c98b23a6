-- A sign of life of the import that holds the lock.
INSERT INTO import_lock (beat) SELECT {beat:UInt64}
