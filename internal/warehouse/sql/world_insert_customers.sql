-- One range of the world's customers; attributes stay empty.
INSERT INTO customers (customer_key, segment, region, zone, language, gender, birth_year, joined, updated_at)
