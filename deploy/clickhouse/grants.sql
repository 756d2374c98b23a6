-- What Danbi's users may do, and no more: a test compares this file with every statement that Danbi sends.
--
-- The database is called danbi here; where yours is not, replace "danbi." throughout. Run it as an administrator, on a
-- cluster with ON CLUSTER behind each GRANT and CREATE, unless your users are replicated. Names that end in * need
-- ClickHouse 25.2 or later. TABLE ENGINE counts only where table_engines_require_grant is on, and CLUSTER only where
-- DANBI_CLICKHOUSE_CLUSTER is set; leave out what your server does not know (ClickHouse Cloud has no TABLE ENGINE).
--
-- Give the roles to users with CREATE USER and GRANT; docs/deploy.md has an example.

CREATE DATABASE IF NOT EXISTS danbi;

-- Brings the schema up to date. A worker does that when it starts; give this role to its user, or only while a
-- release is rolled out: a worker that lacks it waits, and says which migration it may not run.
CREATE ROLE IF NOT EXISTS danbi_migrate;
GRANT CREATE TABLE, ALTER ADD COLUMN ON danbi.assignments TO danbi_migrate;
GRANT CREATE TABLE ON danbi.audience TO danbi_migrate;
GRANT CREATE TABLE, ALTER SETTINGS ON danbi.batches TO danbi_migrate;
GRANT CREATE TABLE ON danbi.brands TO danbi_migrate;
GRANT CREATE TABLE ON danbi.campaigns TO danbi_migrate;
GRANT CREATE TABLE ON danbi.candidates TO danbi_migrate;
GRANT CREATE TABLE ON danbi.coupon_codes TO danbi_migrate;
GRANT CREATE TABLE ON danbi.coupon_grants TO danbi_migrate;
GRANT CREATE TABLE, ALTER ADD COLUMN, ALTER SETTINGS ON danbi.clawbacks TO danbi_migrate;
GRANT CREATE TABLE ON danbi.consents TO danbi_migrate;
GRANT CREATE TABLE ON danbi.contacts TO danbi_migrate;
GRANT CREATE TABLE ON danbi.customers TO danbi_migrate;
GRANT CREATE TABLE ON danbi.decisions TO danbi_migrate;
GRANT CREATE TABLE, ALTER ADD COLUMN, ALTER ADD INDEX ON danbi.delivery_events TO danbi_migrate;
GRANT CREATE TABLE ON danbi.feedback_quarantine TO danbi_migrate;
GRANT CREATE TABLE ON danbi.feature_binnings TO danbi_migrate;
GRANT CREATE TABLE ON danbi.feature_definitions TO danbi_migrate;
GRANT CREATE TABLE, ALTER ADD COLUMN ON danbi.features TO danbi_migrate;
GRANT CREATE TABLE ON danbi.forecasts TO danbi_migrate;
GRANT CREATE TABLE ON danbi.identities TO danbi_migrate;
GRANT CREATE TABLE ON danbi.imports TO danbi_migrate;
GRANT CREATE TABLE ON danbi.interactions TO danbi_migrate;
GRANT CREATE TABLE ON danbi.late_redemptions TO danbi_migrate;
GRANT CREATE TABLE ON danbi.merchants TO danbi_migrate;
GRANT SELECT, INSERT, CREATE TABLE ON danbi.migrations TO danbi_migrate;
GRANT CREATE TABLE ON danbi.model_promotions TO danbi_migrate;
GRANT CREATE TABLE, ALTER ADD COLUMN ON danbi.models TO danbi_migrate;
GRANT CREATE TABLE ON danbi.offer_knowledge TO danbi_migrate;
GRANT CREATE TABLE ON danbi.payout_breaks TO danbi_migrate;
GRANT CREATE TABLE ON danbi.payout_events TO danbi_migrate;
GRANT CREATE TABLE, ALTER ADD COLUMN ON danbi.planned_deliveries TO danbi_migrate;
GRANT CREATE TABLE, ALTER SETTINGS ON danbi.postings TO danbi_migrate;
GRANT CREATE TABLE ON danbi.products TO danbi_migrate;
GRANT CREATE TABLE ON danbi.quarantine TO danbi_migrate;
GRANT CREATE TABLE ON danbi.redemptions TO danbi_migrate;
GRANT CREATE TABLE ON danbi.reports TO danbi_migrate;
GRANT CREATE TABLE, ALTER ADD COLUMN ON danbi.reservations TO danbi_migrate;
GRANT CREATE TABLE, ALTER ADD COLUMN ON danbi.results TO danbi_migrate;
GRANT CREATE TABLE ON danbi.factor_results TO danbi_migrate;
GRANT CREATE TABLE ON danbi.score_reasons TO danbi_migrate;
GRANT CREATE TABLE ON danbi.sending_leases TO danbi_migrate;
GRANT CREATE TABLE, ALTER ADD COLUMN ON danbi.snapshots TO danbi_migrate;
GRANT CREATE TABLE ON danbi.suppressions TO danbi_migrate;
GRANT CREATE TABLE, ALTER ADD COLUMN ON danbi.transactions TO danbi_migrate;
GRANT CREATE TABLE ON danbi.world TO danbi_migrate;
GRANT TABLE ENGINE ON MergeTree TO danbi_migrate;
GRANT TABLE ENGINE ON ReplacingMergeTree TO danbi_migrate;
GRANT TABLE ENGINE ON ReplicatedMergeTree TO danbi_migrate;
GRANT TABLE ENGINE ON ReplicatedReplacingMergeTree TO danbi_migrate;
GRANT CLUSTER ON *.* TO danbi_migrate;

-- Runs campaigns. It may not touch customers, consents or addresses, nor take anything back from the books.
CREATE ROLE IF NOT EXISTS danbi_worker;
GRANT SELECT, INSERT ON danbi.assignments TO danbi_worker;
GRANT SELECT, INSERT ON danbi.audience TO danbi_worker;
GRANT SELECT, INSERT ON danbi.batches TO danbi_worker;
GRANT SELECT, INSERT ON danbi.campaigns TO danbi_worker;
GRANT SELECT, INSERT ON danbi.candidates TO danbi_worker;
GRANT SELECT, INSERT ON danbi.clawbacks TO danbi_worker;
GRANT SELECT ON danbi.coupon_codes TO danbi_worker;
GRANT SELECT, INSERT ON danbi.coupon_grants TO danbi_worker;
GRANT SELECT, INSERT ON danbi.late_redemptions TO danbi_worker;
GRANT SELECT, INSERT ON danbi.consents TO danbi_worker;
GRANT SELECT ON danbi.contacts TO danbi_worker;
GRANT SELECT ON danbi.customers TO danbi_worker;
GRANT SELECT, INSERT ON danbi.decisions TO danbi_worker;
GRANT SELECT, INSERT ON danbi.delivery_events TO danbi_worker;
GRANT SELECT, INSERT ON danbi.feature_binnings TO danbi_worker;
GRANT SELECT, INSERT ON danbi.feedback_quarantine TO danbi_worker;
GRANT SELECT, INSERT ON danbi.feature_definitions TO danbi_worker;
GRANT SELECT, INSERT, ALTER DELETE ON danbi.features TO danbi_worker;
GRANT SELECT, INSERT, CREATE TABLE, DROP TABLE ON danbi.features_attempt_* TO danbi_worker;
GRANT SELECT, INSERT, CREATE TABLE, DROP TABLE, ALTER DELETE ON danbi.features_staging_* TO danbi_worker;
GRANT SELECT, INSERT, CREATE TABLE, DROP TABLE, ALTER DELETE ON danbi.features_whole_* TO danbi_worker;
GRANT SELECT, INSERT ON danbi.forecasts TO danbi_worker;
GRANT SELECT ON danbi.identities TO danbi_worker;
GRANT SELECT, INSERT ON danbi.interactions TO danbi_worker;
GRANT SELECT, CREATE TABLE ON danbi.migrations TO danbi_worker;
GRANT SELECT, INSERT ON danbi.model_promotions TO danbi_worker;
GRANT SELECT, INSERT ON danbi.models TO danbi_worker;
GRANT SELECT, INSERT ON danbi.offer_knowledge TO danbi_worker;
GRANT SELECT, INSERT ON danbi.payout_breaks TO danbi_worker;
GRANT SELECT, INSERT ON danbi.payout_events TO danbi_worker;
GRANT SELECT, INSERT ON danbi.planned_deliveries TO danbi_worker;
GRANT SELECT, INSERT ON danbi.postings TO danbi_worker;
GRANT SELECT ON danbi.products TO danbi_worker;
GRANT SELECT, INSERT ON danbi.redemptions TO danbi_worker;
GRANT SELECT, INSERT ON danbi.reports TO danbi_worker;
GRANT SELECT, INSERT ON danbi.reservations TO danbi_worker;
GRANT SELECT, INSERT ON danbi.score_reasons TO danbi_worker;
GRANT SELECT, INSERT ON danbi.results TO danbi_worker;
GRANT SELECT, INSERT ON danbi.factor_results TO danbi_worker;
GRANT SELECT, INSERT ON danbi.sending_leases TO danbi_worker;
GRANT SELECT, INSERT ON danbi.snapshots TO danbi_worker;
GRANT SELECT, INSERT ON danbi.suppressions TO danbi_worker;
GRANT SELECT ON danbi.transactions TO danbi_worker;
GRANT TABLE ENGINE ON MergeTree TO danbi_worker;
GRANT TABLE ENGINE ON ReplicatedMergeTree TO danbi_worker;
GRANT CLUSTER ON *.* TO danbi_worker;

-- Imports files, through staging tables of its own, and finds a customer by the user's id.
CREATE ROLE IF NOT EXISTS danbi_import;
GRANT SELECT, INSERT ON danbi.brands TO danbi_import;
GRANT SELECT, INSERT ON danbi.consents TO danbi_import;
GRANT SELECT, INSERT ON danbi.contacts TO danbi_import;
GRANT SELECT, INSERT ON danbi.coupon_codes TO danbi_import;
GRANT SELECT, INSERT ON danbi.customers TO danbi_import;
GRANT SELECT, INSERT ON danbi.identities TO danbi_import;
GRANT SELECT, INSERT, CREATE TABLE, DROP TABLE ON danbi.import_keys TO danbi_import;
GRANT SELECT, INSERT, CREATE TABLE, DROP TABLE ON danbi.import_lock TO danbi_import;
GRANT SELECT, INSERT, CREATE TABLE, DROP TABLE ON danbi.import_raw_* TO danbi_import;
GRANT SELECT, INSERT, CREATE TABLE, DROP TABLE, ALTER DELETE, ALTER MOVE PARTITION ON danbi.import_ready_* TO danbi_import;
GRANT SELECT, INSERT ON danbi.imports TO danbi_import;
GRANT SELECT, INSERT ON danbi.interactions TO danbi_import;
GRANT SELECT, INSERT ON danbi.merchants TO danbi_import;
GRANT SELECT, INSERT ON danbi.products TO danbi_import;
GRANT SELECT, INSERT ON danbi.quarantine TO danbi_import;
GRANT SELECT, INSERT ON danbi.suppressions TO danbi_import;
GRANT SELECT, INSERT ON danbi.transactions TO danbi_import;
GRANT TABLE ENGINE ON MergeTree TO danbi_import;
GRANT TABLE ENGINE ON ReplicatedMergeTree TO danbi_import;
GRANT CLUSTER ON *.* TO danbi_import;

-- Makes, empties and lives the simulated population of a rehearsal. Grant it on no database that holds real customers.
CREATE ROLE IF NOT EXISTS danbi_world;
GRANT SELECT, INSERT, TRUNCATE ON danbi.assignments TO danbi_world;
GRANT SELECT, INSERT, TRUNCATE ON danbi.audience TO danbi_world;
GRANT TRUNCATE ON danbi.batches TO danbi_world;
GRANT SELECT, INSERT, TRUNCATE, ALTER SETTINGS ON danbi.brands TO danbi_world;
GRANT SELECT, INSERT, TRUNCATE ON danbi.campaigns TO danbi_world;
GRANT SELECT, INSERT, TRUNCATE, ALTER SETTINGS ON danbi.consents TO danbi_world;
GRANT SELECT, INSERT, TRUNCATE, ALTER SETTINGS ON danbi.contacts TO danbi_world;
GRANT SELECT, INSERT, TRUNCATE, ALTER SETTINGS ON danbi.customers TO danbi_world;
GRANT TRUNCATE ON danbi.decisions TO danbi_world;
GRANT SELECT, INSERT, TRUNCATE ON danbi.delivery_events TO danbi_world;
GRANT TRUNCATE ON danbi.feature_binnings TO danbi_world;
GRANT TRUNCATE ON danbi.features TO danbi_world;
GRANT SELECT, INSERT, TRUNCATE, ALTER SETTINGS ON danbi.identities TO danbi_world;
GRANT SELECT ON danbi.imports TO danbi_world;
GRANT SELECT, INSERT, TRUNCATE, ALTER SETTINGS ON danbi.interactions TO danbi_world;
GRANT SELECT, INSERT, TRUNCATE, ALTER SETTINGS ON danbi.merchants TO danbi_world;
GRANT TRUNCATE ON danbi.model_promotions TO danbi_world;
GRANT TRUNCATE ON danbi.models TO danbi_world;
GRANT TRUNCATE ON danbi.offer_knowledge TO danbi_world;
GRANT TRUNCATE ON danbi.payout_breaks TO danbi_world;
GRANT TRUNCATE ON danbi.payout_events TO danbi_world;
GRANT SELECT, INSERT, TRUNCATE ON danbi.planned_deliveries TO danbi_world;
GRANT TRUNCATE ON danbi.postings TO danbi_world;
GRANT SELECT, INSERT, TRUNCATE, ALTER SETTINGS ON danbi.products TO danbi_world;
GRANT TRUNCATE ON danbi.clawbacks TO danbi_world;
GRANT TRUNCATE ON danbi.late_redemptions TO danbi_world;
GRANT TRUNCATE ON danbi.redemptions TO danbi_world;
GRANT TRUNCATE ON danbi.reports TO danbi_world;
GRANT TRUNCATE ON danbi.reservations TO danbi_world;
GRANT TRUNCATE ON danbi.results TO danbi_world;
GRANT TRUNCATE ON danbi.factor_results TO danbi_world;
GRANT TRUNCATE ON danbi.score_reasons TO danbi_world;
GRANT TRUNCATE ON danbi.snapshots TO danbi_world;
GRANT SELECT, INSERT, TRUNCATE, ALTER SETTINGS ON danbi.suppressions TO danbi_world;
GRANT SELECT, INSERT, TRUNCATE, ALTER SETTINGS ON danbi.transactions TO danbi_world;
GRANT SELECT, INSERT, TRUNCATE ON danbi.world TO danbi_world;
GRANT CLUSTER ON *.* TO danbi_world;

-- Deletes decisions about customers when the law no longer asks for them, and the names and addresses of people who ask
-- for it. Give it to a person, for the time that it takes.
CREATE ROLE IF NOT EXISTS danbi_retain;
GRANT SELECT ON danbi.campaigns TO danbi_retain;
GRANT SELECT, ALTER DELETE ON danbi.assignments TO danbi_retain;
GRANT SELECT, ALTER DELETE ON danbi.audience TO danbi_retain;
GRANT SELECT, ALTER DELETE ON danbi.candidates TO danbi_retain;
GRANT SELECT, ALTER DELETE ON danbi.delivery_events TO danbi_retain;
GRANT SELECT, ALTER DELETE ON danbi.late_redemptions TO danbi_retain;
GRANT SELECT, ALTER DELETE ON danbi.planned_deliveries TO danbi_retain;
GRANT SELECT, ALTER DELETE ON danbi.score_reasons TO danbi_retain;
GRANT ALTER DELETE ON danbi.contacts TO danbi_retain;
GRANT ALTER DELETE ON danbi.identities TO danbi_retain;

-- Reads what campaigns did, for dashboards and questions: customers by their key, never by name, address or message.
CREATE ROLE IF NOT EXISTS danbi_reader;
GRANT SELECT ON danbi.assignments TO danbi_reader;
GRANT SELECT ON danbi.audience TO danbi_reader;
GRANT SELECT ON danbi.batches TO danbi_reader;
GRANT SELECT ON danbi.brands TO danbi_reader;
GRANT SELECT ON danbi.campaigns TO danbi_reader;
GRANT SELECT ON danbi.clawbacks TO danbi_reader;
GRANT SELECT ON danbi.consents TO danbi_reader;
GRANT SELECT ON danbi.customers TO danbi_reader;
GRANT SELECT ON danbi.decisions TO danbi_reader;
GRANT SELECT ON danbi.feature_binnings TO danbi_reader;
GRANT SELECT ON danbi.feature_definitions TO danbi_reader;
GRANT SELECT ON danbi.features TO danbi_reader;
GRANT SELECT ON danbi.forecasts TO danbi_reader;
GRANT SELECT ON danbi.imports TO danbi_reader;
GRANT SELECT ON danbi.interactions TO danbi_reader;
GRANT SELECT ON danbi.late_redemptions TO danbi_reader;
GRANT SELECT ON danbi.merchants TO danbi_reader;
GRANT SELECT ON danbi.models TO danbi_reader;
GRANT SELECT ON danbi.offer_knowledge TO danbi_reader;
GRANT SELECT ON danbi.payout_breaks TO danbi_reader;
GRANT SELECT ON danbi.payout_events TO danbi_reader;
GRANT SELECT ON danbi.planned_deliveries TO danbi_reader;
GRANT SELECT ON danbi.postings TO danbi_reader;
GRANT SELECT ON danbi.products TO danbi_reader;
GRANT SELECT ON danbi.redemptions TO danbi_reader;
GRANT SELECT ON danbi.reports TO danbi_reader;
GRANT SELECT ON danbi.reservations TO danbi_reader;
GRANT SELECT ON danbi.results TO danbi_reader;
GRANT SELECT ON danbi.factor_results TO danbi_reader;
GRANT SELECT ON danbi.sending_leases TO danbi_reader;
GRANT SELECT ON danbi.snapshots TO danbi_reader;
GRANT SELECT ON danbi.suppressions TO danbi_reader;
GRANT SELECT ON danbi.transactions TO danbi_reader;
GRANT SELECT ON danbi.world TO danbi_reader;
