-- Imports that were decided and not finished.
SELECT import FROM imports GROUP BY import HAVING max(state) = 'running' ORDER BY import
