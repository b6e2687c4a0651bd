#!/usr/bin/env bash
# A game submits the scores of one player, then shows the best three and where the player stands.
# usage: board.sh BOARD PLAYER SCORE...        (curl only)
set -euo pipefail
board=${LOCKSTEP_URL:-http://127.0.0.1:7700}/v1/leaderboards/$1
player=$2
shift 2

# Only the best score counts, so a score that is sent twice does no harm.
entries=$(printf "{\"member\":\"$player\",\"score\":%s}," "$@")
curl -sSf --json "{\"entries\":[${entries%,}]}" "$board/scores" >/dev/null

# rank, member and score of each entry of an answer, a line each
lines() {
  grep -oE '"member":"[^"]*"[^}]*' |
    sed -E 's/"member":"([^"]*)".*"score":([-0-9.e]+).*"rank":([0-9]+).*/\3 \1 \2/'
}
curl -sSf "$board/entries?limit=3" | lines
echo "you: $(curl -sSf "$board/entries/$player" | lines)"
