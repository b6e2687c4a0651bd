#!/bin/sh
# Runs a command while it holds a lock of Lockstep, and ends it when the lock is lost.
#
#   lock-run.sh [-w SECONDS] [-t SECONDS] [-d SECONDS] [-g SECONDS] NAME -- COMMAND [ARGUMENT...]
#
#   -w  how long to stand in line for the lock (0: not at all, up to 240)
#   -t  how long the lock may outlive this machine or its network (30, at least 5)
#   -d  how long the lock cools down after a crash (0)
#   -g  how long the command has between TERM and KILL once the lock is lost (10)
#
#   LOCKSTEP_URL        http://127.0.0.1:7700
#   LOCKSTEP_TOKEN      bearer token, where the service asks for one
#   LOCKSTEP_NAMESPACE  where it is not `default`
#
# The command takes the place of this shell: signals reach it, its exit code is what the caller
# sees, and it finds the fence in LOCKSTEP_FENCE. Asked to give way, or when the lock is lost, it
# gets TERM. Processes that it leaves behind keep the lock while they keep descriptor 9 open.
# Exit codes of its own: 64 wrong use, 69 no service, 75 the lock is taken.
set -u

fail() {
  printf 'lock-run: %s\n' "$2" >&2
  exit "$1"
}

usage() { fail 64 "usage: ${0##*/} [-w SECONDS] [-t SECONDS] [-d SECONDS] [-g SECONDS] NAME -- COMMAND [ARGUMENT...]"; }

wait_s=0 ttl_s=30 delay_s=0 grace_s=10
while getopts w:t:d:g: option; do
  case $option in w | t | d | g) case $OPTARG in '' | *[!0-9]* | 0?*) usage ;; esac ;; *) usage ;; esac
  case $option in w) wait_s=$OPTARG ;; t) ttl_s=$OPTARG ;; d) delay_s=$OPTARG ;; g) grace_s=$OPTARG ;; esac
done
shift $((OPTIND - 1))
[ $# -ge 3 ] && [ "$2" = -- ] && [ -n "$1" ] && [ "$ttl_s" -ge 5 ] || usage
name=$(printf %s "$1" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g')
shift 2

url=${LOCKSTEP_URL:-http://127.0.0.1:7700}
command=$$
dir=$(mktemp -d) || fail 69 'no temporary folder'
mkfifo "$dir/lines" "$dir/stream" "$dir/alive" || fail 69 'no pipes'

# What curl is to do stands in a file that only we can read: tokens in arguments show in `ps`.
# $1 the verb, $2 the body
ask() {
  {
    printf 'silent\nno-buffer\nconnect-timeout = 10\nwrite-out = "\\nstatus %%{http_code}\\n"\n'
    printf 'url = "%s/v1/locks/%s/%s"\n' "$url" "$name" "$1"
    printf 'header = "Content-Type: application/json"\n'
    [ -z "${LOCKSTEP_TOKEN:-}" ] || printf 'header = "Authorization: Bearer %s"\n' "$LOCKSTEP_TOKEN"
    [ -z "${LOCKSTEP_NAMESPACE:-}" ] || printf 'header = "Lockstep-Namespace: %s"\n' "$LOCKSTEP_NAMESPACE"
    printf 'data = "%s"\n' "$(printf %s "$2" | sed 's/"/\\"/g')"
  } >"$dir/ask"
}

# Line by line, because more than one process writes to `lines`.
open_stream() {
  ask hold "$1"
  opened=$(date +%s)
  curl --config "$dir/ask" >"$dir/stream" 2>/dev/null 3<&- &
  stream=$!
  while IFS= read -r line; do printf '%s\n' "$line"; done <"$dir/stream" >"$dir/lines" 3<&- &
}

field() { printf %s "$2" | sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p"; }

say() { printf 'lock-run: %s\n' "$1" >&2; }

# By the moment before the stream was asked for, never by that at which a line arrives: that may be
# late. A second less, because `tick` looks once a second.
confirm() { deadline=$((opened + ($(field atMs "$1") + $(field expiresInMs "$1")) / 1000 - 1)); }

finish() {
  kill -KILL "$stream" "$ticker" ${watcher:+"$watcher"} 2>/dev/null
  rm -rf "$dir"
  exit 0
}

lose() {
  say "the lock is lost ($1); the command is told to end"
  state=lost
  kill_at=$(($(date +%s) + grace_s))
  kill -TERM "$command" 2>/dev/null
}

begin() {
  token=$(field token "$1")
  state=running
  # The caller of the verdict waits for everybody who could still write it.
  { cat; echo gone >"$dir/lines"; } >/dev/null <"$dir/alive" 3<&- &
  watcher=$!
  printf 'run %s\n' "$(field fence "$1")" 2>/dev/null || finish
  exec >/dev/null
}

refuse() {
  case $1 in
    423 | 429) code=75 ;;
    4*) code=64 ;;
    *) code=69 ;;
  esac
  say "${title:-no answer from $url}"
  printf 'exit %s\n' "$code"
  finish
}

# The stream ended although the command runs: its instance is gone, another may go on.
go_on() {
  case $state,$1 in
    running,4*) lose "${title:-refused}" ;;
    running,*) retry=1 ;;
  esac
}

hear() {
  case $1 in
    acquired)
      confirm "$2"
      [ "$state" = running ] || begin "$2"
      ;;
    ping | detach) confirm "$2" ;;
    revoke-requested)
      say "asked to give way: $(field reason "$2")"
      kill -TERM "$command" 2>/dev/null
      ;;
    lost) lose "$(field reason "$2")" ;;
  esac
}

tick() {
  now=$(date +%s)
  case $state in
    waiting) kill -0 "$command" 2>/dev/null || finish ;;
    running)
      if [ "$now" -ge "$deadline" ]; then
        lose 'nothing was heard of it'
      elif [ "$retry" = 1 ]; then
        retry=0
        open_stream "{\"token\":\"$token\",\"ttlMs\":$((ttl_s * 1000))}"
      fi
      ;;
    lost) [ "$now" -lt "$kill_at" ] || kill -KILL "$command" 2>/dev/null ;;
  esac
}

# Gives back what was not lost, without the cooling of a crash.
release() {
  [ "$state" = running ] || return 0
  ask release "{\"token\":\"$token\"}"
  curl --max-time 5 --config "$dir/ask" >/dev/null 2>&1
}

supervise() {
  # A whole group may be told to stop, and the command takes its time: the lock stays until then.
  trap '' HUP INT QUIT TERM PIPE
  state=waiting retry=0 title='' event='' watcher=''
  { while sleep 1 && echo tick; do :; done; } >"$dir/lines" 2>/dev/null &
  ticker=$!
  owner="$(uname -n):$command"
  open_stream "{\"ttlMs\":$((ttl_s * 1000)),\"waitMs\":$((wait_s * 1000)),\"lockDelayMs\":$((delay_s * 1000)),\"maxHoldMs\":86400000,\"owner\":\"$owner\"}"
  exec 3<"$dir/lines"
  while IFS= read -r line <&3; do
    case $line in
      tick) tick ;;
      gone) release; finish ;;
      'event: '*) event=${line#event: } ;;
      'data: '*) hear "$event" "${line#data: }" ;;
      'status '*) if [ "$state" = waiting ]; then refuse "${line#status }"; else go_on "${line#status }"; fi ;;
      '{'*) title=$(field title "$line") ;;
    esac
  done
}

verdict=$(supervise &)
case $verdict in
  'run '*) ;;
  'exit '*) exit "${verdict#exit }" ;;
  *) exit 69 ;;
esac
LOCKSTEP_FENCE=${verdict#run }
export LOCKSTEP_FENCE
exec 9>"$dir/alive"
exec "$@"
