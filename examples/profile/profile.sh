#!/usr/bin/env bash
# Reads a profile through the cache: of many that miss at once one loads it, the others wait for it.
# usage: profile.sh USER FOLDER        (curl only; the profile stands in the file FOLDER/USER)
set -euo pipefail
user=$1 folder=$2
entry=${LOCKSTEP_URL:-http://127.0.0.1:7700}/v1/cache/profiles/$user
head=$(mktemp) body=$(mktemp)
trap 'rm -f "$head" "$body"' EXIT
header() { awk -v name="$1:" 'tolower($1) == name { print $2 }' "$head" | tr -d '\r'; }

while true; do
  status=$(curl -sS -D "$head" -o "$body" -w '%{http_code}' "$entry?lease=true&waitMs=5000") || status=503
  lease=$(header lockstep-lease)
  [ -z "$lease" ] || break
  case $status-$(header lockstep-state) in
    200-*) echo "cached: $(cat "$body")" && exit ;;
    404-negative) echo 'cached: nobody' && exit ;; # known to have no value
    404-*) sleep "$(header retry-after)" ;; # another loads
    *) break ;; # no cache: it is loaded just the same
  esac
done

sleep 0.2 # A database takes its time.
echo "$user" >>"$folder/loads"
fill() { [ -z "$lease" ] || curl -sS -o /dev/null -X PUT -H "Lockstep-Lease: $lease" "$@" "$entry"; }
# A fill is refused if the profile was changed meanwhile: then it is used once, and not cached.
if [ -f "$folder/$user" ]; then
  fill -H 'Content-Type: text/plain' --data-binary "@$folder/$user"
  echo "loaded: $(cat "$folder/$user")"
else
  fill -H 'Lockstep-Negative: true'
  echo 'loaded: nobody'
fi
