-- Invented names and ids, apart from everything else as real ones are.
INSERT INTO identities (customer_key, external_id, name, updated_at)
