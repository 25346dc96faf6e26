#!/bin/sh
# Measures what fdtrace costs, always against the bare program in the same run, and prints it beside the budget.
# Bare and traced runs take turns; of each the best counts, because disturbance only ever adds.
#
#   FDTRACE_BUILD  the build folder (default: build)
#   BENCH_ROUNDS   how many turns (default: 5)
set -eu

cd "$(dirname "$0")/.."
build=$(cd "${FDTRACE_BUILD:-build}" && pwd)
rounds=${BENCH_ROUNDS:-5}
library=$build/libfdtrace.so
programs=$build/tests/bench

for needed in "$library" "$programs/loop" "$programs/spawn" "$programs/memory"; do
    if [ ! -e "$needed" ]; then
        echo "bench: $needed is missing: run make programs first" >&2
        exit 2
    fi
done

# Where fdtrace keeps its recordings by default: in memory, if it can.
folder=${TMPDIR:-/tmp}
if [ -d /dev/shm ] && [ -w /dev/shm ]; then
    folder=/dev/shm
fi
scratch=$(mktemp -d "$folder/fdtrace-bench.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

calculate() { # EXPRESSION
    awk "BEGIN { printf \"%.3f\", $1 }"
}

less() { # A B
    awk "BEGIN { exit !($1 < $2) }"
}

heading() {
    printf '%-46s %11s %11s %10s %10s\n' "what" "bare" "traced" "cost" "budget"
}

row() { # WHAT BARE TRACED COST BUDGET NUMBER-OF-COST NUMBER-OF-BUDGET
    verdict=over
    if ! less "$7" "$6"; then
        verdict=met
    fi
    printf '%-46s %11s %11s %10s %10s  %s\n' "$1" "$2" "$3" "$4" "$5" "$verdict"
}

skip() { # WHAT WHY
    printf '%-46s skipped: %s\n' "$1" "$2"
}

traced() { # COMMAND...
    LD_PRELOAD=$library FDTRACE_OPTIONS="session=$scratch/session:report=none" "$@"
}

fresh() {
    rm -rf "$scratch/session"
}

better() { # OLD NEW
    if [ -z "$1" ] || less "$2" "$1"; then
        echo "$2"
    else
        echo "$1"
    fi
}

# Takes turns; leaves the best of each in $bare and $with.
compare() { # COMMAND...
    bare='' with=''
    turn=0
    while [ $turn -lt "$rounds" ]; do
        bare=$(better "$bare" "$("$@" 2>/dev/null)")
        with=$(better "$with" "$(traced "$@" 2>/dev/null)")
        fresh
        turn=$((turn + 1))
    done
}

# A row for a ratio.
ratio_row() { # WHAT BUDGET UNIT COMMAND...
    what=$1 budget=$2 unit=$3
    shift 3
    compare "$@"
    ratio=$(calculate "$with / $bare")
    row "$what" "$bare $unit" "$with $unit" "$(printf '%.2fx' "$ratio")" "${budget}x" \
        "$(printf '%.2f' "$ratio")" "$budget"
}

# A row for a difference.
difference_row() { # WHAT BUDGET UNIT COMMAND...
    what=$1 budget=$2 unit=$3
    shift 3
    compare "$@"
    difference=$(calculate "$with - $bare")
    row "$what" "$bare $unit" "$with $unit" "$(printf '%+.1f %s' "$difference" "$unit")" "+$budget $unit" \
        "$difference" "$budget"
}

calls() {
    ratio_row "open + close"            1.10 ns "$programs/loop" open
    ratio_row "dup + close"             1.35 ns "$programs/loop" dup
    ratio_row "socket + close"          1.06 ns "$programs/loop" socket
    ratio_row "pipe + 2 closes"         1.10 ns "$programs/loop" pipe
    ratio_row "fopen + fclose"          1.15 ns "$programs/loop" fopen
    difference_row "read of 0 bytes"         3    ns "$programs/loop" read
    difference_row "write of 0 bytes"        3    ns "$programs/loop" write
    ratio_row "no descriptor calls"     1.00 ns "$programs/loop" compute
}

# The same loop with many held, against itself with ten; the bare program's own growth stands beside it.
held() {
    hard=$(ulimit -Hn)
    many=100000
    if [ "$hard" != unlimited ] && [ "$hard" -lt $((many + 16)) ]; then
        many=$((hard - 16))
        echo "(the hard limit of $hard descriptors allows $many held, not 100000)"
    fi
    compare "$programs/loop" open 10
    few_bare=$bare few_with=$with
    compare "$programs/loop" open "$many"
    ratio=$(calculate "$with / $few_with")
    row "open + close, $many held : 10 held" "$(printf '%.2fx' "$(calculate "$bare / $few_bare")")" \
        "$(printf '%.2fx' "$ratio")" "$(printf '%.2fx' "$ratio")" 1.05x "$(printf '%.2f' "$ratio")" 1.05
}

scaling() {
    if [ "$(nproc)" -lt 2 ]; then
        skip "2 threads" "one processor"
        return
    fi
    compare "$programs/loop" open 0 1
    one_bare=$bare one_with=$with
    compare "$programs/loop" open 0 2
    alone=$(calculate "$one_bare / $bare")
    ours=$(calculate "$one_with / $with")
    loss=$(calculate "($alone / $ours - 1) * 100")
    row "open + close, speed-up by a second thread" "$(printf '%.2fx' "$alone")" "$(printf '%.2fx' "$ours")" \
        "$(printf '%+.1f %%' "$loss")" "+5 %" "$loss" 5
}

# The parent stays untraced: what counts is the child.
start_up() {
    bare='' with=''
    turn=0
    while [ $turn -lt "$rounds" ]; do
        bare=$(better "$bare" "$("$programs/spawn" 200 "$programs/nothing")")
        with=$(better "$with" "$(BENCH_PRELOAD=$library BENCH_OPTIONS="session=$scratch/session:report=none" \
            "$programs/spawn" 200 "$programs/nothing")")
        fresh
        turn=$((turn + 1))
    done
    difference=$(calculate "$with - $bare")
    row "start-up of an exec'd process" "$bare us" "$with us" "$(printf '%+.0f us' "$difference")" "+300 us" \
        "$difference" 300
}

# Both are traced: the child for as long as it lives before its exec, too.
fork_exec() {
    compare "$programs/spawn" 200 /bin/true
    difference=$(calculate "$with - $bare")
    row "fork + exec + wait of /bin/true" "$bare us" "$with us" "$(printf '%+.0f us' "$difference")" "+600 us" \
        "$difference" 600
}

memory() {
    compare "$programs/memory"
    none_bare=$bare none_with=$with
    difference=$(calculate "$with - $bare")
    row "memory of a small program (RSS)" "$bare KiB" "$with KiB" "$(printf '%+.0f KiB' "$difference")" "+2048 KiB" \
        "$difference" 2048
    count=10000
    hard=$(ulimit -Hn)
    if [ "$hard" != unlimited ] && [ "$hard" -lt $((count + 16)) ]; then
        count=$((hard - 16))
    fi
    compare "$programs/memory" "$count"
    each=$(calculate "(($with - $none_with) - ($bare - $none_bare)) * 1024 / $count")
    row "memory of a live descriptor (of $count)" "-" "-" "$(printf '%.0f B' "$each")" "320 B" "$each" 320
}

now_ms() {
    echo $(($(date +%s%N) / 1000000))
}

reading() { # WHAT BUDGET-MS
    best=''
    turn=0
    while [ $turn -lt "$rounds" ]; do
        before=$(now_ms)
        "$build/fdtrace" report --format json "$scratch/session" >/dev/null
        best=$(better "$best" "$(($(now_ms) - before))")
        turn=$((turn + 1))
    done
    row "$1" "-" "-" "$best ms" "$2 ms" "$best" "$2"
    fresh
}

reports() {
    if [ ! -x "$build/fdtrace" ]; then
        skip "report" "there is no $build/fdtrace"
        return
    fi
    LD_PRELOAD=$library FDTRACE_OPTIONS="session=$scratch/session:report=none:ring=1048576" "$programs/events" 500000
    reading "report of a session with 1,000,000 events" 1000
    BENCH_PRELOAD=$library BENCH_OPTIONS="session=$scratch/session:report=none" \
        "$programs/spawn" 1000 "$programs/nothing" >/dev/null
    reading "report of a session with 1,000 images" 3000
}

heading
calls
held
scaling
start_up
fork_exec
memory
reports
