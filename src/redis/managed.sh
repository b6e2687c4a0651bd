# Runs redis-server and ends it when the service is gone.
#
# Usage: sh managed.sh FOLDER BOUND COMMAND... <PIPE
#   FOLDER   removed at the end: socket, configuration
#   BOUND    seconds Redis gets to write its last data before it is killed
#   PIPE     held open by the service. Its end, closed on purpose or because the service was
#            SIGKILLed, is the order to stop: no signal of the service's own needs to arrive.
# Prints the pid of Redis, and exits as Redis exits.
#
# This shell leads a session of its own, so Ctrl-C in the terminal reaches neither it nor Redis:
# the service first drains the requests that still need Redis.

trap '' HUP INT TERM
umask 077
# Scripts compare strings by the locale of the server: it must be the same on every machine.
export LC_ALL=C

folder=$1 bound=$2
shift 2
exec 4<&0

(trap - HUP TERM; exec "$@" 4<&- >&2 </dev/null) &
redis=$!
echo "$redis"
exec >&-

(
  read -r order <&4
  # Not by `:`, whose failed redirection ends a POSIX shell: the folder may be cleaned up already.
  echo >"$folder/ending"
  tries=0
  while kill -TERM "$redis" && [ "$tries" -lt $((bound * 10)) ]; do
    tries=$((tries + 1))
    sleep 0.1
  done
  kill -KILL "$redis"
) 2>/dev/null &
watch=$!

wait "$redis"
code=$?
kill -KILL "$watch"
[ -e "$folder/ending" ] && rm -rf "$folder"
exit "$code"
