#!/usr/bin/env bash
# Many programs count in one file under a lock: no increment is lost, and a holder that is late does
# no harm.
# usage: counter.sh FILE TIMES        (needs curl)
set -euo pipefail
url=${LOCKSTEP_URL:-http://127.0.0.1:7700}
file=$1 times=$2

field() { sed -E "s/.*\"$1\":\"?([^\",}]*).*/\1/"; }
# curl repeats the same request, with its key, after a time-out or a 503, and waits for as long as
# Retry-After says.
post() { curl -sSf --retry 5 --retry-connrefused --max-time 30 "${@:3}" --json "$2" "$url/v1/locks/counter/$1"; }

token=''
release() { [ -z "$token" ] || post release "{\"token\":\"$token\"}" >/dev/null; token=''; }
trap release EXIT

for i in $(seq "$times"); do
  # Waits in the queue for up to 20 s. One key for all tries: a try whose answer was lost gets the
  # same lease.
  lease=$(post acquire '{"ttlMs":30000,"waitMs":20000}' -H "Idempotency-Key: $$-$i-$RANDOM$RANDOM")
  token=$(field token <<<"$lease") fence=$(field fence <<<"$lease")

  value=0 last=0
  [ ! -s "$file" ] || read -r value last <"$file"
  # A higher fence in the file is that of a later holder: this lease is over.
  [ "$last" -lt "$fence" ] || { echo "stale fence $fence" >&2; exit 1; }
  echo "$((value + 1)) $fence" >"$file"
  release
done
