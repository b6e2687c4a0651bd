#!/usr/bin/env bash
# Reads a profile through the cache: of many callers that miss at once, one loads it and the others
# wait for it.
# usage: profile.sh USER FOLDER        (needs curl; the file FOLDER/USER is the profile)
set -euo pipefail
user=$1 folder=$2
entry=${LOCKSTEP_URL:-http://127.0.0.1:7700}/v1/cache/profiles/$user
head=$(mktemp) body=$(mktemp)
trap 'rm -f "$head" "$body"' EXIT

header() { awk -v name="$1:" 'tolower($1) == name { print $2 }' "$head" | tr -d '\r'; }
call() { curl -s --max-time 10 -D "$head" -o "$body" -w '%{http_code}' "$@" || true; }

# 0 with a profile, 1 without one, more if the database failed.
load() {
  sleep 0.2 # A database takes its time.
  [ -d "$folder" ] || return 2
  echo "$user" >>"$folder/loads"
  [ -f "$folder/$user" ] && cat "$folder/$user"
}

lease=''
while true; do
  status=$(call "$entry?lease=true&waitMs=5000")
  state=$(header lockstep-lease-status)
  case $status-$state-$(header lockstep-state) in
    *-granted-*) lease=$(header lockstep-lease) && break ;;
    200-*) echo "cached: $(cat "$body")" && exit ;;
    404-*-negative) echo 'cached: nobody' && exit ;;
    404-backoff-*) echo 'the last load failed a moment ago' >&2 && exit 1 ;;
    404-*) sleep "$(header retry-after)" ;; # Another caller loads.
    *) break ;; # Without a cache it is loaded just the same.
  esac
done

profile=$(load) && found=0 || found=$?
if [ "$found" -gt 1 ]; then
  # No caller is granted a load for 5 s.
  [ -z "$lease" ] || call --json "{\"token\":\"$lease\",\"failed\":true,\"backoffMs\":5000}" "$entry/lease/cancel" >/dev/null
  echo 'the load failed' >&2
  exit 1
fi
# Refused if the profile changed meanwhile: then it is used once, and not cached.
fill() { [ -z "$lease" ] || call -X PUT -H "Lockstep-Lease: $lease" "$@" "$entry" >/dev/null; }
if [ "$found" = 0 ]; then
  fill -H 'Content-Type: text/plain' --data-raw "$profile"
else
  fill -H 'Lockstep-Negative: true'
fi
echo "loaded: ${profile:-nobody}"
