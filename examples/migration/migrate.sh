#!/usr/bin/env bash
# Several services start at once: one of them migrates, the others wait and find it done.
# usage: migrate.sh NAME DATABASE        (needs curl and sqlite3)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
name=$1 database=$2

# Runs itself under the lock: lock-run.sh renews it, ends this script when it is lost, and releases
# it at the end.
if [ -z "${LOCKSTEP_FENCE:-}" ]; then
  exec "$here/../../deploy/lock-run.sh" -w 240 migrate -- bash "$0" "$@"
fi

sql() { sqlite3 -bail -cmd '.timeout 60000' "$database" "$1"; }

sql "$(cat "$here/steps/0.sql")"
# From now on the database refuses every earlier holder.
version=$(sql "UPDATE migration SET fence = $LOCKSTEP_FENCE; SELECT version FROM migration;")
next=$((version + 1))
while [ -e "$here/steps/$next.sql" ]; do
  # A step and its fence are one transaction: both are written, or neither.
  sql "BEGIN IMMEDIATE; UPDATE migration SET version = $next, fence = $LOCKSTEP_FENCE;
    $(cat "$here/steps/$next.sql") COMMIT;"
  next=$((next + 1))
done
if [ "$next" = $((version + 1)) ]; then echo "$name: nothing to do"; else echo "$name: migrated"; fi
