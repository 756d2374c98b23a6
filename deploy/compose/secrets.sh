#!/bin/sh
# Makes the passwords of compose.yaml, once. Only you can enter the folder; the files in it are readable because the
# containers' own users must read them.
set -eu
cd "$(dirname "$0")"
umask 077
mkdir -p secrets
for name in clickhouse_worker_password clickhouse_operator_password postgres_password grafana_password; do
  [ -s "secrets/$name" ] || head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' >"secrets/$name"
  chmod 0444 "secrets/$name"
done
