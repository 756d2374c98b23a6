-- Addresses that reach nobody: a reserved domain and an unassigned number range.
INSERT INTO contacts (customer_key, channel, address, updated_at)
