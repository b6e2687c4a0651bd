#!/usr/bin/env bash
# Works through jobs with other workers, at most two jobs at a time in all: each job takes a permit
# of a semaphore, under a session that ends when this worker dies.
# usage: pool.sh POOL WORKER JOB...        (needs curl)
set -euo pipefail
url=${LOCKSTEP_URL:-http://127.0.0.1:7700}
pool=$1 worker=$2
shift 2

field() { sed -E "s/.*\"$1\":\"?([^\",}]*).*/\1/"; }
# curl repeats the same request, with its key, after a time-out or a 503, and waits for as long as
# Retry-After says.
post() { curl -sf --retry 5 --retry-connrefused --max-time 30 -H "Idempotency-Key: $BASHPID-$RANDOM$RANDOM" --json "$2" "$url/v1/$1"; }

# A Redis Cluster keeps a session and the names that begin with its prefix on one node.
session=$(post sessions "{\"ttlMs\":15000,\"prefix\":\"$pool\",\"metadata\":{\"worker\":\"$worker\"}}" | field token)
# One keepalive for all leases of the session. Without an answer to it the work stops, before the
# session can end.
while sleep 5; do
  curl -sf --max-time 5 --json "{\"token\":\"$session\"}" "$url/v1/sessions/keepalive" || kill $$
done >/dev/null 2>&1 &
keepalive=$!
trap 'kill $keepalive; post sessions/end "{\"token\":\"$session\"}" >/dev/null' EXIT
trap 'exit 1' TERM

for job; do
  # 423 when none is free for 20 s: asks again.
  until permit=$(post "semaphores/$pool@jobs/acquire" "{\"capacity\":2,\"sessionToken\":\"$session\",\"waitMs\":20000}"); do sleep 1; done
  sleep 0.1 # The job.
  echo "$worker did $job"
  post "semaphores/$pool@jobs/release" "{\"token\":\"$(field token <<<"$permit")\"}" >/dev/null
done
