#!/bin/sh
# Runs a command while it holds a lock of Lockstep, and ends it when the lock is lost.
#
#   lock-run.sh [-w SECONDS] [-t SECONDS] [-d SECONDS] [-g SECONDS] NAME -- COMMAND [ARGUMENT...]
#
#   -w  how long to wait for the lock (0: not at all, up to 240)
#   -t  how long the lock may outlive this machine or its network (30, at least 5)
#   -d  the lock delay after a crash (0)
#   -g  how long the command has between TERM and KILL once the lock is lost (10)
#
#   LOCKSTEP_URL        http://127.0.0.1:7700
#   LOCKSTEP_TOKEN      bearer token, where the service asks for one
#   LOCKSTEP_NAMESPACE  where it is not `default`
#
# Signals reach the command, its exit code is what the caller sees, and it finds the fence in
# LOCKSTEP_FENCE. Asked to give way, when the lock is lost, or when this script is killed, it gets
# TERM. The script returns when the lock is free: processes that the command leaves behind keep it
# while they keep descriptor 9 open.
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
every_s=$(((ttl_s + 2) / 3))
dir=$(mktemp -d) || fail 69 'no temporary folder'
mkfifo "$dir/lines" "$dir/stream" "$dir/alive" "$dir/verdict" || fail 69 'no pipes'

# Seconds that no correction of the clock moves, where the system has them.
clock() {
  if read -r now _ </proc/uptime; then now=${now%%.*}; else now=$(date +%s); fi 2>/dev/null
}

# Writes the options of curl to a file that only we can read: tokens in arguments show in `ps`.
# $1 the verb, $2 the body
ask() {
  {
    printf 'silent\nno-buffer\nconnect-timeout = 10\nwrite-out = "\\nstatus %%{http_code}\\n"\n'
    printf 'url = "%s/v1/locks/%s/%s"\n' "$url" "$name" "$1"
    printf 'header = "Content-Type: application/json"\n'
    [ -z "${LOCKSTEP_TOKEN:-}" ] || printf 'header = "Authorization: Bearer %s"\n' "$LOCKSTEP_TOKEN"
    [ -z "${LOCKSTEP_NAMESPACE:-}" ] || printf 'header = "Lockstep-Namespace: %s"\n' "$LOCKSTEP_NAMESPACE"
    printf 'data = "%s"\n' "$(printf %s "$2" | sed 's/"/\\"/g')"
  } >"$dir/$1"
}

# Line by line, because more than one process writes to `lines`.
open_stream() {
  ask hold "$1"
  clock
  opened=$now
  curl --config "$dir/hold" >"$dir/stream" 2>/dev/null 3<&- &
  stream=$!
  while IFS= read -r line; do printf '%s\n' "$line"; done <"$dir/stream" >"$dir/lines" 3<&- &
}

field() { printf %s "$2" | sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p"; }

say() { printf 'lock-run: %s\n' "$1" >&2; }

# $1 when it was asked for, $2 what was left then, in ms. Never by the time at which an answer
# arrives: that may be late. A second less, because `tick` looks once a second.
confirm() {
  until=$(($1 + $2 / 1000 - 1))
  [ "$until" -le "$deadline" ] || deadline=$until
}

# The lock is certain by what a renewal answers, counted from before that was asked for. The stream
# says sooner what happens, and its end that this machine is gone.
renew() {
  clock
  asked=$now renewing=1 renew_at=$((now + every_s))
  {
    answer=$(curl --max-time "$every_s" --config "$dir/renew" | tr '\n' ' ')
    printf 'renewed %s\n' "$answer" >"$dir/lines"
  } 2>/dev/null 3<&- &
  renewer=$!
}

renewed() {
  renewing=0
  case $1 in
    *'status 200'*) confirm "$asked" "$(field expiresInMs "$1")" ;;
    *'status 409'* | *'status 410'*) lose "$(field title "$1")" ;;
  esac
}

finish() {
  [ "$renewing" = 0 ] || kill -KILL "$renewer" 2>/dev/null
  kill -KILL "$stream" "$ticker" ${watcher:+"$watcher"} 2>/dev/null
  rm -rf "$dir"
  exit 0
}

signal_command() { [ -z "$command" ] || kill -s "$1" "$command" 2>/dev/null; }

# TERM now, KILL when the time for it has passed.
end_command() {
  clock
  kill_at=$((now + grace_s))
  signal_command TERM
}

lose() {
  [ "$state" = running ] || return 0
  say "the lock is lost ($1); the command is asked to end"
  state=lost
  end_command
}

begin() {
  token=$(field token "$1")
  ask renew "{\"token\":\"$token\",\"ttlMs\":$((ttl_s * 1000))}"
  state=running
  # The reader of the verdict waits for every process that could still write it.
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

# The stream ended although the command runs: its instance is gone, another one may continue.
go_on() {
  case $state,$1 in
    running,4*) lose "${title:-refused}" ;;
    running,*) retry=1 ;;
  esac
}

hear() {
  case $1 in
    acquired)
      confirm "$opened" $(($(field elapsedMs "$2") + $(field expiresInMs "$2")))
      clock
      if [ "$state" = waiting ] && [ "$now" -ge "$deadline" ]; then
        title="the answer of $url came too late"
        refuse late
      fi
      [ "$state" = running ] || begin "$2"
      ;;
    revoke-requested)
      say "asked to give way: $(field reason "$2")"
      signal_command TERM
      ;;
    lost) lose "$(field reason "$2")" ;;
  esac
}

tick() {
  clock
  case $state in
    waiting) kill -0 "$$" 2>/dev/null || finish ;;
    running)
      if [ "$now" -ge "$deadline" ]; then
        lose 'no renewal was answered in time'
        return
      fi
      [ "$now" -lt "$renew_at" ] || [ "$renewing" = 1 ] || renew
      if [ "$retry" = 1 ]; then
        retry=0
        open_stream "{\"token\":\"$token\",\"ttlMs\":$((ttl_s * 1000))}"
      fi
      # The script was killed; the lock is kept until the command has ended, if it began.
      if [ "$kill_at" = '' ] && ! kill -0 "$$" 2>/dev/null; then
        if [ -z "$command" ]; then release; finish; fi
        end_command
      fi
      ;;
  esac
  [ "$kill_at" = '' ] || [ "$now" -lt "$kill_at" ] || signal_command KILL
}

# Releases the lock if it was not lost, without the lock delay of a crash.
release() {
  [ "$state" = running ] || return 0
  ask release "{\"token\":\"$token\"}"
  curl --max-time 5 --config "$dir/release" >/dev/null 2>&1
}

supervise() {
  # A signal may reach the whole group; the lock is held until the command has ended.
  trap '' HUP INT QUIT TERM PIPE
  state=waiting retry=0 title='' event='' watcher='' command='' kill_at=''
  deadline=0 renew_at=0 renewing=0
  { while sleep 1 && echo tick; do :; done; } >"$dir/lines" 2>/dev/null &
  ticker=$!
  owner="$(uname -n):$$"
  open_stream "{\"ttlMs\":$((ttl_s * 1000)),\"waitMs\":$((wait_s * 1000)),\"lockDelayMs\":$((delay_s * 1000)),\"maxHoldMs\":86400000,\"owner\":\"$owner\"}"
  exec 3<"$dir/lines"
  while IFS= read -r line <&3; do
    case $line in
      tick) tick ;;
      'started '*)
        command=${line#started }
        [ "$state" = running ] || signal_command TERM
        ;;
      gone) release; finish ;;
      'renewed '*) renewed "${line#renewed }" ;;
      'event: '*) event=${line#event: } ;;
      'data: '*) hear "$event" "${line#data: }" ;;
      'status '*) if [ "$state" = waiting ]; then refuse "${line#status }"; else go_on "${line#status }"; fi ;;
      '{'*) title=$(field title "$line") ;;
    esac
  done
}

supervise >"$dir/verdict" &
supervisor=$!
verdict=''
read -r verdict <"$dir/verdict"
case $verdict in
  'run '*) ;;
  'exit '*) exit "${verdict#exit }" ;;
  *) exit 69 ;;
esac
LOCKSTEP_FENCE=${verdict#run }
export LOCKSTEP_FENCE
true <&0 2>/dev/null || exec </dev/null
exec 4<&0 9>"$dir/alive"

# A shell starts background jobs with INT and QUIT ignored; where `env` cannot undo that, TERM
# is sent instead.
reset='env --default-signal=INT,QUIT --'
$reset true 2>/dev/null || reset=''
child='' pending='' interrupted=''
forward() {
  interrupted=1
  case $1 in
    # A terminal sends these to the command as well.
    INT | QUIT) if [ -t 4 ] && [ -n "$reset" ]; then return; elif [ -z "$reset" ]; then set -- TERM; fi ;;
  esac
  if [ -n "$child" ]; then kill -s "$1" "$child" 2>/dev/null; else pending=$1; fi
}
for signal in HUP INT QUIT TERM USR1 USR2; do
  # shellcheck disable=SC2064
  trap "forward $signal" "$signal"
done
# shellcheck disable=SC2086
(exec $reset "$@") <&4 4<&- &
child=$!
echo "started $child" >"$dir/lines"
[ -z "$pending" ] || forward "$pending"

code=''
while :; do
  interrupted=''
  wait "$child"
  ended=$?
  # 127 also for a child whose exit was reported before.
  [ "$ended" = 127 ] && [ -n "$code" ] || code=$ended
  [ -n "$interrupted" ] || break
done
trap - HUP INT QUIT TERM USR1 USR2
exec 9>&-
wait "$supervisor"
if [ "$code" -gt 128 ]; then
  ulimit -c 0
  kill -s "$(kill -l "$code")" $$ 2>/dev/null
fi
exit "$code"
