#!/bin/sh
# Runs a command while it holds a lock of Lockstep, and ends it when the lock is lost.
#
#   lock-run.sh [OPTION...] NAME -- COMMAND [ARGUMENT...]
#
#   -w SECONDS            how long to wait for the lock (0: not at all; at most 240)
#   -t SECONDS            how long the lock may outlive this machine or its network (30; at least 5)
#   -d SECONDS            the lock delay after a crash (0; at most 3600)
#   -g SECONDS            how long the command has between TERM and KILL once the lock is lost (10)
#   --once-per SECONDS    run the command once per period, on one of the machines whose crontabs
#                         have this line (at most 86400, which also fits a longer period)
#   -q                    with --once-per: say nothing when it is not this machine that runs it
#   -h, --help            print this text
#
#   LOCKSTEP_URL          http://127.0.0.1:7700
#   LOCKSTEP_TOKEN        the API token, where the service asks for one
#   LOCKSTEP_NAMESPACE    where it is not `default`
#
# The command finds the fence in LOCKSTEP_FENCE, and signals reach it. It gets TERM when the lock is
# lost, when the holder is asked to give way, and when this script is killed. The script returns
# when the lock is free: processes that the command leaves behind keep it while they keep
# descriptor 9 open.
#
# With --once-per the name stays taken for nine tenths of the period, counted from the start of the
# command: the next run is not skipped when its clock is a little early. The command begins at most
# once in that time, also when it fails, or when its machine dies.
#
# Exit codes: that of the command, or without having run it
#   0   with --once-per: the command runs, or ran in this period, elsewhere
#   64  wrong use, or a request that the service refuses
#   69  no service answers
#   75  the lock is taken
#   77  the API token is missing, unknown, or does not allow it
set -u

fail() {
  printf 'lock-run: %s\n' "$2" >&2
  exit "$1"
}

wrong() {
  printf 'lock-run: %s\n' "$1" >&2
  printf 'usage: %s [OPTION...] NAME -- COMMAND [ARGUMENT...]; --help lists the options\n' "${0##*/}" >&2
  exit 64
}

# $1 the option, $2 its value, $3 and $4 the bounds
check() {
  case $2 in '' | *[!0-9]* | 0?* | ???????*) wrong "$1 takes whole seconds, not \"$2\"" ;; esac
  [ "$2" -ge "$3" ] && [ "$2" -le "$4" ] || wrong "$1 takes $3 to $4 seconds, not $2"
}

wait_s=0 ttl_s=30 delay_s=0 grace_s=10 period_s=0 quiet=''
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) exec sed -n '2,/^set -u/s/^# \{0,1\}//p' "$0" ;;
    -q) quiet=1 ;;
    -w | -t | -d | -g | --once-per)
      [ $# -gt 1 ] || wrong "$1 takes whole seconds"
      case $1 in
        -w) check "$1" "$2" 0 240; wait_s=$2 ;;
        -t) check "$1" "$2" 5 86400; ttl_s=$2 ;;
        -d) check "$1" "$2" 0 3600; delay_s=$2 ;;
        -g) check "$1" "$2" 0 86400; grace_s=$2 ;;
        --once-per) check "$1" "$2" 1 86400; period_s=$2 ;;
      esac
      shift
      ;;
    -*) wrong "there is no option $1" ;;
    *) break ;;
  esac
  shift
done
[ $# -gt 0 ] && [ -n "$1" ] || wrong 'the name of the lock is missing'
[ "${2:-}" = -- ] || wrong 'after the name comes --'
[ $# -ge 3 ] || wrong 'the command is missing'
[ "$period_s" = 0 ] || [ "$wait_s" = 0 ] || wrong '--once-per does not wait: leave -w out'
[ "$period_s" != 0 ] || [ -z "$quiet" ] || wrong '-q is for --once-per'
lock=$1
name=$(printf %s "$lock" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g')
shift 2

url=${LOCKSTEP_URL:-http://127.0.0.1:7700}
every_s=$(((ttl_s + 2) / 3))
ttl_ms=$((ttl_s * 1000)) min_hold_ms=$((period_s * 900))
# A lease is at least as long as its minimal hold. Renewals are of `ttl_ms` and never shorten it.
first_ttl_ms=$((ttl_ms > min_hold_ms ? ttl_ms : min_hold_ms))
command -v curl >/dev/null || fail 69 'curl is not installed'
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
  # Nobody reads its last lines once the lock is free.
  while IFS= read -r line; do printf '%s\n' "$line"; done 2>/dev/null <"$dir/stream" >"$dir/lines" 3<&- &
}

field() { printf %s "$2" | sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p"; }

# A text of any characters.
text() { printf %s "$2" | sed -n 's/.*"'"$1"'":"\([^"\\]*\(\\.[^"\\]*\)*\)".*/\1/p' | sed 's/\\\(.\)/\1/g'; }

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
  ask renew "{\"token\":\"$token\",\"ttlMs\":$ttl_ms}"
  state=running
  # The reader of the verdict waits for every process that could still write it.
  { cat; echo gone >"$dir/lines"; } >/dev/null <"$dir/alive" 3<&- &
  watcher=$!
  printf 'run %s\n' "$(field fence "$1")" 2>/dev/null || finish
  exec >/dev/null
}

# The lock is held, or taken for a while after its lease ended.
not_granted() {
  code=75
  owner=$(text owner "$problem")
  [ -z "$owner" ] || why="$why It is held by $owner."
  [ "$period_s" != 0 ] && [ "$(field code "$problem")" = lock-held ] || return 0
  code=0
  if [ "$(field holderCount "$problem")" != 0 ]; then
    why="not run: \"$lock\" runs now${owner:+, under $owner}"
  else
    why="not run: \"$lock\" ran in this period; again in $(($(field retryAfterMs "$problem") / 1000 + 1)) s"
  fi
}

# $1 the status of the answer, 000 without one
refuse() {
  why=$(text title "$problem")
  case $1-$why in
    000-) why="no answer from $url" ;;
    *-) why="$url answered $1, and is no Lockstep" ;;
    *) why="$why: $(text detail "$problem")" ;;
  esac
  case $1 in
    423) not_granted ;;
    429) code=75 ;;
    401 | 403) code=77 ;;
    4*) code=64 ;;
    *) code=69 ;;
  esac
  [ -n "$quiet" ] && [ "$code" = 0 ] || say "$why"
  printf 'exit %s\n' "$code"
  finish
}

# The stream ended although the command runs: its instance is gone, another one may continue.
go_on() {
  case $state,$1 in
    running,4*) lose "$(text title "$problem")" ;;
    running,*) retry=1 ;;
  esac
}

hear() {
  case $1 in
    acquired)
      confirm "$opened" $(($(field elapsedMs "$2") + $(field expiresInMs "$2")))
      clock
      if [ "$state" = waiting ] && [ "$now" -ge "$deadline" ]; then
        problem='{"title":"Too late","detail":"The answer took longer than the lease."}'
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
        open_stream "{\"token\":\"$token\",\"ttlMs\":$ttl_ms}"
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
  state=waiting retry=0 problem='' event='' watcher='' command='' kill_at=''
  deadline=0 renew_at=0 renewing=0
  { while sleep 1 && echo tick; do :; done; } >"$dir/lines" 2>/dev/null &
  ticker=$!
  owner="$(uname -n):$$"
  open_stream "{\"ttlMs\":$first_ttl_ms,\"minHoldMs\":$min_hold_ms,\"waitMs\":$((wait_s * 1000)),\"lockDelayMs\":$((delay_s * 1000)),\"maxHoldMs\":86400000,\"owner\":\"$owner\"}"
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
      '{'*) problem=$line ;;
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
