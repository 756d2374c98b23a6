#!/bin/sh
# Lays out Temporal's two databases, or brings them up to date.
set -eu
SQL_PASSWORD="$(cat /run/secrets/postgres_password)"
export SQL_PASSWORD
for store in temporal:temporal temporal_visibility:visibility; do
  database=${store%%:*}
  tool="temporal-sql-tool --plugin postgres12 --endpoint postgres --port 5432 --user temporal --database $database"
  update="$tool update-schema --schema-dir /etc/temporal/schema/postgresql/v12/${store#*:}/versioned"
  $update && continue # it was laid out before
  $tool create-database
  $tool setup-schema --version 0.0
  $update
done
