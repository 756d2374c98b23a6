-- As for postings: the first head that is recorded for a batch stays.
ALTER TABLE batches MODIFY SETTING non_replicated_deduplication_window = 1000
