#!/bin/bash
# Makes the users of deploy/compose at ClickHouse's first start, after grants.sql has made their roles. The server is
# told hashes: the passwords are in no statement and no log.
set -euo pipefail
hash() { printf %s "$(cat "/run/secrets/$1")" | sha256sum | cut -d ' ' -f 1; }
clickhouse-client --host 127.0.0.1 --multiquery <<SQL
CREATE USER IF NOT EXISTS danbi_worker_user IDENTIFIED WITH sha256_hash BY '$(hash clickhouse_worker_password)' DEFAULT DATABASE danbi;
CREATE USER IF NOT EXISTS danbi_operator IDENTIFIED WITH sha256_hash BY '$(hash clickhouse_operator_password)' DEFAULT DATABASE danbi;
GRANT danbi_migrate, danbi_worker, danbi_world TO danbi_worker_user;
GRANT danbi_worker, danbi_import, danbi_world TO danbi_operator;
SQL
