-- The versions of the user's own features, the one in force first.
SELECT own, features
FROM feature_definitions
ORDER BY made_at DESC, own
