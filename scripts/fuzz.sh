#!/bin/sh
# Runs fuzz targets for a while each and says what came of it: fuzz.sh TARGET... (make fuzz builds them first). What was found
# stands in $O/fuzz/found; the corpus that was learnt stays in $O/fuzz/corpus for the next time.
set -u
cd "$(dirname "$0")/.."
O=${O:-build}
RUNS=${RUNS:-20000}
SECONDS_MOST=${SECONDS:-60}
failed=0
mkdir -p "$O/fuzz/found" "$O/fuzz/log"
printf '%-14s %10s %8s %8s  %s\n' target runs seconds corpus result
for target in "$@"; do
    corpus=$O/fuzz/corpus/$target
    log=$O/fuzz/log/$target
    mkdir -p "$corpus"
    folders=
    for folder in "tests/fuzz/seeds/$target" "$O/fuzz/seeds/$target" "tests/fuzz/cases/$target"; do
        [ ! -d "$folder" ] || folders="$folders $folder"
    done
    dictionary=
    [ ! -f "tests/fuzz/seeds/$target.dict" ] || dictionary=-dict=tests/fuzz/seeds/$target.dict
    begun=$(date +%s)
    # shellcheck disable=SC2086
    # entropic: its bookkeeping would cost as much as half of what the targets do.
    if "$O/fuzz/$target" -runs="$RUNS" -max_total_time="$SECONDS_MOST" -timeout=20 -rss_limit_mb=4096 -max_len=200000 \
        -entropic=0 -print_final_stats=1 -artifact_prefix="$O/fuzz/found/$target-" $dictionary "$corpus" $folders >"$log" 2>&1
    then
        result='nothing found'
    else
        failed=1
        result=$(sed -n 's/.*\(ERROR: [A-Za-z]*Sanitizer: [^(]*\).*/\1/p; s/.*\(broken promise.*\)/\1/p; s/.*\(runtime error.*\)/\1/p' \
            "$log" | head -n 1)
        result="${result:-failed} (see $log)"
    fi
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    printf '%-14s %10s %8s %8s  %s\n' "$target" "${runs:-?}" $(($(date +%s) - begun)) \
        "$(find "$corpus" -type f | wc -l)" "$result"
done
exit $failed
