#!/usr/bin/env bash
# Many programs count in one file under a lock; no increment is lost, and a holder that came too
# late does no harm.
# usage: counter.sh FILE TIMES        (curl only)
set -euo pipefail
url=${LOCKSTEP_URL:-http://127.0.0.1:7700}
file=$1 times=$2

field() { sed -E "s/.*\"$1\":\"?([^\",}]*).*/\1/"; }

for i in $(seq "$times"); do
  # Stands in line for up to 20 s. A key per attempt, so that a retry finds its place again.
  lease=$(curl -sSf --retry 3 --json '{"ttlMs":5000,"waitMs":20000}' \
    -H "Idempotency-Key: $$-$i-$RANDOM" "$url/v1/locks/counter/acquire")
  token=$(field token <<<"$lease") fence=$(field fence <<<"$lease")

  read -r value last <"$file" || value=0 last=0
  # Whoever writes under a fence above ours got the lock after us: our lease is over.
  [ "$last" -lt "$fence" ] || { echo "stale fence $fence" >&2; exit 1; }
  echo "$((value + 1)) $fence" >"$file"

  curl -sSf --json "{\"token\":\"$token\"}" "$url/v1/locks/counter/release" >/dev/null
done
