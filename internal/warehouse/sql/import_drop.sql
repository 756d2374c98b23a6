-- Nothing of an import stays behind but its rows.
DROP TABLE IF EXISTS {name:Identifier} SYNC
