#!/usr/bin/env bash
# A log of orders that two groups work through, and a sum that is rebuilt from its first entry.
# usage: orders.sh place STREAM ORDER AMOUNT        (needs curl)
#        orders.sh bill STREAM FOLDER               the group `billing`
#        orders.sh mail STREAM FOLDER               the group `mail`
#        orders.sh total STREAM
#
# A group writes each order to FOLDER, into a file with the id of the entry in its name. So work that
# is done twice changes nothing.
set -euo pipefail
command=$1
url=${LOCKSTEP_URL:-http://127.0.0.1:7700}/v1/streams/$2

# Each request here can be repeated without harm: curl does so after a time-out or a 503.
call() { curl -sSf --retry 5 --retry-connrefused --max-time 30 "${@:2}" "$url/$1"; }

# With the order as its key, a place that is repeated appends nothing again.
place() {
  call entries -H "Idempotency-Key: order-$1" \
    --json "{\"entries\":[{\"event\":\"order.placed\",\"data\":{\"order\":\"$1\",\"amount\":$2}}]}" |
    sed -E 's/.*"id":"([^"]*)".*/\1\n/'
}

# Reads what an expression takes out of the answer into variables.
take() { { sed -E "s/$1/" "$answer"; echo; } >"$fields"; read -r "${@:2}" <"$fields"; }

bill() {
  grep -q '"amount":[1-9]' "$answer" || return
  take '.*"amount":([0-9]+).*/\1' amount
  text="order $order costs $amount"
}

mail() { text="order $order is placed"; }

work() {
  echo "$1 $id"
  "$command" && echo "$text" >"$folder/$1-$id"
}

# Works through the orders as a consumer of a group, one at a time, until it has to stop.
consume() {
  group=groups/$1 folder=$2 answer=$(mktemp) fields=$(mktemp) stopping='' curl=''
  trap 'rm -f "$answer" "$fields"' EXIT
  # From the first order on. A group that exists stays where it is.
  call "$group" -X PUT --json '{"start":"start"}' >/dev/null
  # Stopping cuts the wait; an entry that was on its way is delivered again. From here on no $(...):
  # bash 5.2 may fail to read one when a signal arrives.
  trap 'stopping=1; [ -z "$curl" ] || kill "$curl" 2>/dev/null || true' TERM INT
  while [ -z "$stopping" ]; do
    curl -sSf --max-time 30 --json '{"waitMs":20000}' "$url/$group/receive" >"$answer" &
    curl=$!
    [ -z "$stopping" ] || kill "$curl" 2>/dev/null || true
    # A signal ends the first wait, and the second one waits for curl.
    if ! wait "$curl" && ! wait "$curl"; then
      curl=''
      [ -n "$stopping" ] || sleep 1
      continue
    fi
    curl=''
    grep -q '"receipt"' "$answer" || continue
    take '.*"id":"([^"]*)".*"order":"([^"]*)".*"receipt":"([^"]*)".*/\1 \3 \2' id receipt order
    settlement="{\"ack\":[\"$receipt\"]}"
    if [ -n "$stopping" ]; then
      settlement="{\"release\":[\"$receipt\"]}"
    elif ! work "$1"; then
      settlement="{\"nack\":[{\"receipt\":\"$receipt\",\"error\":\"there is no amount\"}]}"
    fi
    call "$group/settle" --json "$settlement" >/dev/null
  done
}

# Reads all orders, page by page.
total() {
  orders=0 sum=0 after=start
  while [ -n "$after" ]; do
    page=$(call "entries?after=$after")
    [[ $page == *'"missed":0'* ]] || { echo 'entries are gone' >&2; exit 1; }
    for amount in $(sed 's/"amount":/\n&/g' <<<"$page" | sed -nE 's/^"amount":(-?[0-9]+).*/\1/p'); do
      orders=$((orders + 1)) sum=$((sum + amount))
    done
    after=$(sed -nE 's/.*"nextCursor":"([^"]*)".*/\1/p' <<<"$page")
  done
  echo "$orders orders, $sum in all"
}

case $command in
  place) place "$3" "$4" ;;
  bill) consume billing "$3" ;;
  mail) consume mail "$3" ;;
  total) total ;;
esac
