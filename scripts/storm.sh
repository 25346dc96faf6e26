#!/bin/sh
# Lets the storm of tests/torture/storm.c blow under fdtrace, with several options one after the other: a correct program of
# several threads, which must not be accused of anything, and whose processes must know at their ends what they have open.
#
#   SECONDS_EACH   how long each round lasts (default: 60)
#   FDTRACE_BUILD  the build folder (default: build)
#
# A recording of every process is kept until its round ends, in memory; forks are a good part of the storm, hence about a
# hundred processes a second. Exit status: 1 if a round failed.
set -eu

cd "$(dirname "$0")/.."
build=$(cd "${FDTRACE_BUILD:-build}" && pwd)
folder=${TMPDIR:-/tmp}
if [ -d /dev/shm ] && [ -w /dev/shm ]; then
    folder=/dev/shm
fi
scratch=$(mktemp -d "$folder/fdtrace-storm.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

failed=0
for options in depth=32 quarantine=64 quarantine=1000:last_used=1 quarantine=3:ring=64:sites=64:depth=2 depth=0:ring=1:unwind=fp; do
    status=0
    rm -rf "$scratch/session"
    FDTRACE_OPTIONS=$options "$build/fdtrace" run --session="$scratch/session" --verify --fail-on=warning --require-traced -- \
        "$build/tests/torture/storm" seconds "${SECONDS_EACH:-60}" >"$scratch/out" 2>"$scratch/said" || status=$?
    equal=$(grep -c 'table equals kernel' "$scratch/said" || :)
    printf '%-46s ends: %-4s tables equal: %-7s differences: %s\n' "$options" "$status" "$equal" \
        "$(grep -c 'the kernel says' "$scratch/said" || :)"
    if [ "$status" != 0 ] || [ "$equal" = 0 ] || grep -q 'the kernel says' "$scratch/said"; then
        failed=1
        grep -v 'table equals kernel' "$scratch/said" | head -40
    fi
done
exit $failed
