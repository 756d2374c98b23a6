-- Two inserts of one batch at once, the second by a step that was thought dead: the first one stays, the other is dropped.
ALTER TABLE postings MODIFY SETTING non_replicated_deduplication_window = 1000
