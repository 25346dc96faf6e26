#!/bin/sh
# Measures fdtrace beside other tools that watch a program's calls or descriptors, each against the bare program in the same
# run: calls, start-up, servers and test suites, and how the cost grows with held descriptors, threads and frames of stack.
# Tools take turns; of each the best counts, because disturbance only ever adds. Called by `make bench PEERS=1`.
#
#   bench-peers.sh [calls] [programs] [growth]     all parts when none is named
#
#   FDTRACE_BUILD  the build folder (default: build)
#   PEERS_ROUNDS   how many turns (default: 3)
#   PEERS_PLOTS    where the numbers behind the plots and the SVG files go (default: $FDTRACE_BUILD/bench)
#
# A tool that is not here is skipped visibly; a cell says "fails" where a program did not do its work under the tool.
set -eu

cd "$(dirname "$0")/.."
build=$(cd "${FDTRACE_BUILD:-build}" && pwd)
rounds=${PEERS_ROUNDS:-3}
plots=${PEERS_PLOTS:-$build/bench}
programs=$build/tests/bench
mkdir -p "$plots"

for needed in "$build/libfdtrace.so" "$programs/loop" "$programs/spawn" "$programs/nothing"; do
    if [ ! -e "$needed" ]; then
        echo "bench-peers: $needed is missing: run make programs first" >&2
        exit 2
    fi
done

folder=${TMPDIR:-/tmp}
if [ -d /dev/shm ] && [ -w /dev/shm ]; then
    folder=/dev/shm
fi
scratch=$(mktemp -d "$folder/fdtrace-peers.XXXXXX")
mkdir "$scratch/data"
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# A tool is a program that runs its arguments under the tool. What it writes goes where nobody reads it; valgrind's
# lightest kind is taken, and strace is told of descriptor calls alone.
tools='bare fdtrace'
tool() { # NAME PROGRAM WORDS
    if ! command -v "$2" >/dev/null; then
        echo "($1 skipped: there is no $2 here)"
        return
    fi
    printf '#!/bin/sh\nexec %s "$@"\n' "$3" >"$scratch/$1"
    chmod 755 "$scratch/$1"
    case " $tools " in
    *" $1 "*) ;;
    *) tools="$tools $1" ;;
    esac
}
tool bare     env       ''
tool fdtrace  env       "env LD_PRELOAD='$build/libfdtrace.so' FDTRACE_OPTIONS='session=$scratch/session:report=none'"
tool valgrind valgrind  'valgrind --tool=none --track-fds=yes --trace-children=yes -q --log-file=/dev/null'
tool strace   strace    'strace -D -f -e trace=%desc -o /dev/null'
tool strace-k strace    'strace -D -f -k -e trace=%desc -o /dev/null'
tool ltrace   ltrace    'ltrace -f -o /dev/null'
tool heaptrack heaptrack "heaptrack -o '$scratch/data/heap'"

line() { # WHAT CELL...
    printf '%-36s' "$1"
    shift
    printf ' %11s' "$@"
    printf '\n'
}

tidy() {
    rm -rf "$scratch/session" "$scratch/data"/* "$scratch/work"
}

# The best figure of each tool goes to $scratch/best.TOOL, "fails" where there is none. A command is run as
# COMMAND... with $tool the tool's name and $run its program; the figure is the first line of it that is a number.
measure() { # BETTER COMMAND...: less or more, whichever is the better figure
    better=$1
    shift
    rm -f "$scratch"/best.* "$scratch"/all.*
    turn=0
    while [ $turn -lt "$rounds" ]; do
        for tool in $tools; do
            run=$scratch/$tool
            "$@" 2>/dev/null | grep -Ex '[0-9]+(\.[0-9]+)?' | head -1 >>"$scratch/all.$tool" || :
            tidy
        done
        turn=$((turn + 1))
    done
    order=-g
    [ "$better" = less ] || order=-gr
    for tool in $tools; do
        sort $order "$scratch/all.$tool" | grep . | head -1 >"$scratch/best.$tool" || echo fails >"$scratch/best.$tool"
    done
}

# The cost of each tool: how many times what the bare program takes.
ratios() { # less|more
    for tool in $tools; do
        awk -v better="$1" -v bare="$(cat "$scratch/best.bare")" -v with="$(cat "$scratch/best.$tool")" 'BEGIN {
            if (bare + 0 <= 0 || with + 0 <= 0) print "fails"
            else printf "%.2f\n", better == "less" ? with / bare : bare / with }'
    done
}

row() { # WHAT UNIT less|more COMMAND...
    what=$1 unit=$2 better=$3
    shift 3
    measure "$better" "$@"
    line "$what" "$(cat "$scratch/best.bare") $unit" $(ratios "$better" | sed -n '2,$s/[0-9]$/&x/p; 2,$s/fails/fails/p')
}

loop() { # CALL [HELD [THREADS [FRAMES [ROUNDS]]]]
    timeout 120 "$run" "$programs/loop" "$@"
}

start_up() {
    if [ "$tool" = fdtrace ]; then
        BENCH_PRELOAD=$build/libfdtrace.so BENCH_OPTIONS=session=$scratch/session:report=none \
            "$programs/spawn" 20 "$programs/nothing"
    else
        timeout 120 "$programs/spawn" 20 "$run" "$programs/nothing"
    fi
}

directive() { # FILE NAME
    sed -n "s/^# $2: *//p" "$1" | head -1
}

# A workload of tests/trust: its own rate, or the seconds it takes; nothing if it answers otherwise than the bare one.
workload() { # NAME [ARGUMENT]
    mkdir -m 700 "$scratch/work"
    began=$(date +%s%N)
    status=0
    script=$(cat "tests/trust/$1.sh")
    name=$1
    shift
    (cd "$scratch/work" && TRACE=$run LC_ALL=C HOME=$scratch/work exec timeout -k 5 60 sh -c "$script" sh "$@") \
        >"$scratch/answers.$tool" 2>/dev/null </dev/null || status=$?
    echo "ended with $status" >>"$scratch/answers.$tool"
    cmp -s "$scratch/answers.bare" "$scratch/answers.$tool" || return 0
    if [ -s "$scratch/work/figure" ]; then
        awk '{ print $1 }' "$scratch/work/figure"
    else
        awk "BEGIN { printf \"%.3f\n\", ($(date +%s%N) - $began) / 1e9 }"
    fi
}

workload_row() { # WHAT UNIT less|more NAME [ARGUMENT]
    for program in $(directive "tests/trust/$4.sh" NEEDS); do
        if [ ! -e "$program" ] && ! command -v "$program" >/dev/null; then
            printf '%-36s skipped: there is no %s here\n' "$1" "$program"
            return
        fi
    done
    row "$1" "$2" "$3" workload "$4" ${5:+"$5"}
}

# How the cost grows: a row and a line of numbers for each value, then the plot.
grow() { # NAME TITLE VALUE...
    name=$1 title=$2
    shift 2
    echo "$name $tools" >"$plots/$name.dat"
    for value in "$@"; do
        case $name in
        held) set -- open "$value" 0 12 ;;
        threads) set -- open 0 "$value" 12 100 ;;
        frames) set -- open 0 0 "$value" ;;
        esac
        row "open + close, $value $title" ns less loop "$@"
        echo "$value $(ratios less | sed 's/fails/NaN/' | tr '\n' ' ')" >>"$plots/$name.dat"
    done
    draw "$name" "$title"
}

draw() { # NAME TITLE
    if ! command -v gnuplot >/dev/null; then
        echo "(no plot of $1: there is no gnuplot here; the numbers are in $plots/$1.dat)"
        return
    fi
    gnuplot -e "data='$plots/$1.dat'; picture='$plots/$1.svg'; title='$2'; columns=$(echo $tools | wc -w)" \
        scripts/bench-peers.gnuplot
    echo "(plot: $plots/$1.svg)"
}

calls() {
    row "open + close"    ns less loop open
    row "dup + close"     ns less loop dup
    row "socket + close"  ns less loop socket
    row "pipe + 2 closes" ns less loop pipe
    row "fopen + fclose"  ns less loop fopen
    row "read of 0 bytes" ns less loop read
    row "no descriptor calls" ns less loop compute
    row "start-up of a small program" us less start_up
}

programs() {
    workload_row "nginx under wrk"           /s more nginx
    workload_row "redis under its benchmark" /s more redis
    workload_row "memcached, connections"    /s more memcached
    workload_row "CPython's test_posix"      s  less python test_posix
    workload_row "CPython's test_fileio"     s  less python test_fileio
}

growth() {
    grow held "descriptors held" 10 100 1000 10000
    grow threads "threads" 1 2 4 8
    grow frames "frames of stack" 5 12 25 50
}

line "cost, times the bare program" $tools
for part in "${@:-calls programs growth}"; do
    for name in $part; do
        case $name in
        calls | programs | growth) $name ;;
        *) echo "bench-peers: no part is called $name: calls, programs, growth" >&2; exit 2 ;;
        esac
    done
done
