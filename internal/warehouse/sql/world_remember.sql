-- Blocks that are lived twice at once are then written once; replicated tables remember without being told.
ALTER TABLE {table:Identifier} MODIFY SETTING non_replicated_deduplication_window = 1000
