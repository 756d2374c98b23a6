-- As for postings: of two steps that judge the same customers in one pass, the one that writes first decides.
ALTER TABLE clawbacks MODIFY SETTING non_replicated_deduplication_window = 1000
