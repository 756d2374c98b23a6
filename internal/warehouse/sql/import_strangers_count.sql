-- How many rows are of customers that no file introduces, and where the first ones are.
SELECT count(), arraySort(groupArraySample(3, 1)((arrayElement({files:Array(String)}, file + 1), line_in_file)))
FROM {raw:Identifier}
WHERE id NOT IN (SELECT id FROM import_keys)
