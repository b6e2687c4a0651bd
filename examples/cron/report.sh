#!/bin/sh
# Writes a report into a folder, under the fence of its run; lock-run.sh starts it, see crontab.
# usage: report.sh FOLDER
set -eu
mkdir -p "$1"
# `set -C` refuses to replace the report of a run that has it already.
set -C
date -u >"$1/report-$LOCKSTEP_FENCE"
echo "report-$LOCKSTEP_FENCE"
