#!/usr/bin/env bash
# Works through the messages of a queue, one at a time. It extends the lease while it works, reports
# what failed, and finishes what it has begun when it has to stop.
# usage: worker.sh QUEUE FOLDER        (needs curl)
#
# A message is {"text": ..., "seconds": ...}: after these seconds its text is in FOLDER, in a file with
# the id of the message as its name. So work that is done twice changes nothing.
set -euo pipefail
url=${LOCKSTEP_URL:-http://127.0.0.1:7700}/v1/queues/$1
folder=$2
answer=$(mktemp) fields=$(mktemp) stopping='' curl=''
trap 'rm -f "$answer" "$fields"' EXIT
# Stopping cuts the wait; a message that was on its way is delivered again. From here on no $(...):
# bash 5.2 may fail to read one when a signal arrives.
trap 'stopping=1; [ -z "$curl" ] || kill "$curl" 2>/dev/null || true' TERM INT

# Reads what an expression takes out of the answer into variables.
take() { { sed -E "s/$1/" "$answer"; echo; } >"$fields"; read -r "${@:2}" <"$fields"; }
# A settle can be repeated without harm: curl does so after a time-out or a 503.
settle() { curl -sSf --retry 5 --retry-connrefused --max-time 30 --json "$1" "$url/settle"; }
# Another worker has the message, or had it: its work may be done twice.
report() { sed -n "s/.*\"status\":\"\(stale\|gone\)\".*/$id is \1/p" >&2; }

work() {
  grep -q '"text":"' "$answer" || return
  take '.*"text":"([^"]*)","seconds":([0-9.]+).*/\2 \1' seconds text
  echo "doing $id"
  sleep "$seconds"
  printf %s "$text" >"$folder/$id"
}

while [ -z "$stopping" ]; do
  curl -sSf --max-time 30 --json '{"waitMs":20000}' "$url/receive" >"$answer" &
  curl=$!
  # A signal ends the first wait, and the second one waits for curl.
  if ! wait "$curl" && ! wait "$curl"; then
    curl=''
    [ -n "$stopping" ] || sleep 1
    continue
  fi
  curl=''
  grep -q '"receipt"' "$answer" || continue
  take '.*"id":"([^"]*)".*"receipt":"([^"]*)","visibleForMs":([0-9]+).*/\1 \2 \3' id receipt ms
  if [ -n "$stopping" ]; then
    settle "{\"release\":[\"$receipt\"]}" >/dev/null
    break
  fi

  # At half of its time, the message gets as much again, while this worker lives.
  printf -v half '%d.%03d' $((ms / 2000)) $((ms / 2 % 1000))
  while sleep "$half" && kill -0 $$; do
    settle "{\"extend\":[{\"receipt\":\"$receipt\",\"visibilityMs\":$((ms < 1000 ? 1000 : ms))}]}" || true
  done >/dev/null 2>&1 &
  extensions=$!
  settlement="{\"ack\":[\"$receipt\"]}"
  work || settlement="{\"nack\":[{\"receipt\":\"$receipt\",\"error\":\"there is no text\"}]}"
  kill "$extensions"
  settle "$settlement" | report
done
