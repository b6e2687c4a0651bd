#!/usr/bin/env bash
# Several services start at once; one of them migrates, the others wait and find it done.
# usage: migrate.sh NAME VERSION_FILE        (curl only)
set -euo pipefail
url=${LOCKSTEP_URL:-http://127.0.0.1:7700}
name=$1 version_file=$2

field() { sed -E "s/.*\"$1\":\"?([^\",}]*).*/\1/"; }

# A key per attempt: if the answer is lost, the same attempt asked again gets the same lease.
key=$name-$$-$RANDOM
until lease=$(curl -sSf --json "{\"ttlMs\":10000,\"owner\":\"$name\"}" \
  -H "Idempotency-Key: $key" "$url/v1/locks/migrate/acquire" 2>/dev/null); do
  sleep 0.1
done
token=$(field token <<<"$lease") fence=$(field fence <<<"$lease")

if [ -e "$version_file" ]; then
  echo "$name: nothing to do"
else
  # A real migration would write the fence into the database, which refuses a smaller one.
  echo "migrated by $name under fence $fence" >>"$version_file"
  echo "$name: migrated"
fi
curl -sSf --json "{\"token\":\"$token\"}" "$url/v1/locks/migrate/release" >/dev/null
