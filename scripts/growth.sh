#!/bin/sh
# Asks about servers that are running (tests/run/growing.c): one that forgets 20 connections a second must be told, with that
# rate and the time that is left until its limit; one that fills a pool first, and one with bursts, must not. Takes a minute,
# because growth takes time to be called so.
#
#   FDTRACE_BUILD  the build folder (default: build)
set -eu

cd "$(dirname "$0")/.."
build=$(cd "${FDTRACE_BUILD:-build}" && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/fdtrace-growth.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
limit=5000

# Its standard input ends when ours, which a pipe keeps open, does.
ask() { # WAY SECONDS
    mkfifo "$scratch/$1.stop"
    (ulimit -n $limit && exec "$build/fdtrace" run --session="$scratch/$1" --report=none -- \
        "$build/tests/run/growing" "$1") <"$scratch/$1.stop" >/dev/null 2>&1 &
    server=$!
    exec 3>"$scratch/$1.stop"
    sleep "$2"
    status=0
    "$build/fdtrace" report -o json:"$scratch/report.json" -o text:"$scratch/said" "$scratch/$1" || status=$?
    exec 3>&-
    wait $server || :
    [ "$status" = 0 ] || { cat "$scratch/said"; exit 1; }
}

failed=0
ask leaks 16
sed -n '/leak-growth/,/^$/p' "$scratch/said"
awk 'match($0, /keeps growing: [0-9.]+ a second/) { split(substr($0, RSTART), word, " "); rate = word[3] }
     /reaches its limit of 5000 in 4 minutes/ { left = 1 }
     END { exit !(rate > 18 && rate < 22 && left) }' "$scratch/said" || {
    echo 'leaks: 20 a second are forgotten; with these its limit of 5000 is 4 minutes away'
    failed=1
}
for way in pools bursts; do
    ask $way 16
    if grep -q '"leak-growth"' "$scratch/report.json"; then
        echo "$way: told, though it does not grow"
        sed -n '/leak-growth/,/^$/p' "$scratch/said"
        failed=1
    else
        echo "$way: nothing, as it should be"
    fi
done
exit $failed
