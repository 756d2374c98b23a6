-- The instants between which rows lie, so that only those partitions are compared.
SELECT min(at), max(at) FROM {raw:Identifier}
