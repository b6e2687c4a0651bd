#!/usr/bin/env bash
# An activity feed: the newest 100 entries of the last seven days, and how many a reader did not see.
# usage: feed.sh post USER TEXT        (curl only; TEXT is one line)
#        feed.sh read USER READER
set -euo pipefail
feed=${LOCKSTEP_URL:-http://127.0.0.1:7700}/v1/streams/feed-$2

post() {
  # The first post makes the settings. Later ones leave them as they are: 412.
  status=$(curl -sS --max-time 5 -o /dev/null -w '%{http_code}' -X PUT -H 'If-None-Match: *' \
    --json '{"capacity":100,"maxAgeMs":604800000}' "$feed")
  [[ $status == 20[01] || $status == 412 ]] || { echo "settings: $status" >&2 && exit 1; }

  text=$(sed 's/[\\"]/\\&/g' <<<"$1")
  curl -sSf --max-time 5 --json "{\"entries\":[{\"event\":\"posted\",\"data\":\"$text\"}]}" "$feed/entries" >/dev/null
}

# The texts of a page, a line each.
texts() {
  { grep -oE '"data":"([^"\\]|\\.)*"' || true; } | sed -E 's/^"data":"(.*)"$/\1/; s/\\(["\\])/\1/g'
}

show() {
  page=$(curl -sSf --max-time 5 "$feed/entries?order=desc&reader=$1")
  unread=$(sed 's/.*"unread":\([0-9]*\).*/\1/' <<<"$page")
  echo "$unread unread"
  texts <<<"$page" | awk -v unread="$unread" '{ print (NR <= unread ? "* " : "  ") $0 }'
  # Only what was shown is seen: an entry that came meanwhile stays unread.
  if [[ $page =~ \"id\":\"([0-9]+-[0-9]+)\" ]]; then
    curl -sSf --max-time 5 -X PUT --json "{\"seen\":\"${BASH_REMATCH[1]}\"}" "$feed/readers/$1" >/dev/null
  fi
}

case $1 in
  post) post "$3" ;;
  read) show "$3" ;;
  *) echo 'usage: feed.sh post USER TEXT, feed.sh read USER READER' >&2 && exit 2 ;;
esac
