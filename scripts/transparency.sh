#!/bin/sh
# Proves on software that nobody here wrote that fdtrace changes nothing: runs each workload of tests/trust bare and traced
# in the same fresh folder, and compares what it answered and how it ended. It is traced twice: once so that every process
# compares its table with the kernel's when it ends (verify=1), and once without that, for the time. Prints a row for each
# as soon as it is known; takes minutes.
#
#   transparency.sh [-k FOLDER] [PATTERN...]     only workloads whose name fits a pattern: 'python *' 'stress fork'
#
#   -k FOLDER      keep what was said, the verdicts of verify and the reports (made; FOLDER/python_test_os/...)
#   FDTRACE_BUILD  the build folder (default: build)
#
# Columns: bare and traced are seconds, or a rate where the workload measures one itself; cost is traced by bare, more than 1
# is slower, whatever the unit. results: "same", "differ", or "unsteady" when the bare program does not agree with itself
# either. ends: the bare program's exit status. verify: how many processes found their table equal to the kernel's, and how many did not. errors: findings of
# severity error in the report of the traced run; they are told, not judged: some of these programs misuse descriptors on
# purpose. A workload that ends with 77 cannot run here, and says why. Exit status: 1 if anything differs or no process
# verified its table.
set -eu

cd "$(dirname "$0")/.."
build=$(cd "${FDTRACE_BUILD:-build}" && pwd)

workloads='
python test_os
python test_posix
python test_fcntl
python test_tempfile
python test_shutil
python test_io
python test_fileio
python test_pty
python test_select
python test_selectors
python test_epoll
python test_socket
python test_subprocess
python test_pathlib
python test_mmap
python test_asyncio.test_events
python test_asyncio.test_unix_events
python test_asyncio.test_subprocess
python test_asyncio.test_streams
python test_asyncio.test_sendfile
python test_multiprocessing_fork.WithProcessesTestConnection
python test_multiprocessing_fork.WithProcessesTestProcess
python test_multiprocessing_fork.WithProcessesTestPicklingConnections
python test_multiprocessing_fork.TestForkAwareThreadLock
python test_multiprocessing_spawn.WithProcessesTestConnection
python test_multiprocessing_spawn.WithProcessesTestPicklingConnections
python test_multiprocessing_spawn.WithProcessesTestSharedMemory
python test_multiprocessing_forkserver.WithProcessesTestConnection
python test_multiprocessing_forkserver.WithProcessesTestPicklingConnections
stress dup
stress close
stress open
stress pipe
stress poll
stress epoll
stress eventfd
stress timerfd
stress sigfd
stress memfd
stress inotify
stress fcntl
stress dir
stress sock
stress sockpair
stress sockfd
stress sockabuse
stress sockmany
stress fd-race
stress fork
stress vfork
stress clone
stress spawn
stress exec
stress daemon
stress zombie
stress aio
stress aiol
stress io-uring
stress pidfd
stress pty
stress mq
stress shm
stress splice
stress sendfile
stress tee
nginx
redis
postgres
memcached
sqlite
make
git
'

keep=
if [ "${1-}" = -k ]; then
    mkdir -p "$2"
    keep=$(cd "$2" && pwd)
    shift 2
fi
patterns=
for pattern in "$@"; do
    patterns="$patterns$pattern
"
done

scratch=$(mktemp -d "${TMPDIR:-/tmp}/fdtrace-trust.XXXXXX")
recordings=$scratch
if [ -d /dev/shm ] && [ -w /dev/shm ]; then
    recordings=$(mktemp -d /dev/shm/fdtrace-trust.XXXXXX)
fi
trap 'rm -rf "$scratch" "$recordings"' EXIT
trap 'exit 130' INT TERM
chmod 711 "$scratch" "$recordings"
# Workloads that do not run as root must be able to reach the library.
install -m 755 "$build/libfdtrace.so" "$scratch/libfdtrace.so"
printf '#!/bin/sh\nexec "$@"\n' >"$scratch/bare"
for wrapper in timed verified; do
    options="session=$recordings/session:report=none"
    [ $wrapper = timed ] || options="$options:verify=1:log_path=$scratch/said/verify"
    printf '#!/bin/sh\nexec env LD_PRELOAD='%s' FDTRACE_OPTIONS='%s' "$@"\n' "$scratch/libfdtrace.so" "$options" \
        >"$scratch/$wrapper"
done
chmod 755 "$scratch/bare" "$scratch/timed" "$scratch/verified"

directive() { # FILE NAME
    sed -n "s/^# $2: *//p" "$1" | head -1
}

wanted() { # NAME
    [ -n "$patterns" ] || return 0
    while IFS= read -r pattern; do
        case $1 in
        $pattern) return 0 ;;
        esac
    done <<PATTERNS
${patterns%?}
PATTERNS
    return 1
}

absent() { # PROGRAM...
    for program in "$@"; do
        if [ ! -e "$program" ] && ! command -v "$program" >/dev/null; then
            echo "$program"
            return
        fi
    done
}

now_ms() {
    echo $(($(date +%s%N) / 1000000))
}

# Daemons that a workload has left behind may still be recording into what is removed: then once more, and again.
clear_away() { # FOLDER...
    for attempt in 1 2 3 4 5 6 7 8 9; do
        ! rm -rf "$@" 2>/dev/null || return 0
        sleep 1
    done
    rm -rf "$@"
}

# What the workload answers goes to OUT.answers, what else it says to OUT.said, how it ended to OUT.status, and what it
# cost to OUT.figure: "RATE unit" if it wrote a file of that name, else seconds.
perform() { # bare|timed|verified OUT FILE ARGUMENT
    out=$2
    clear_away "$scratch/work" "$recordings/session" "$scratch/said"
    mkdir -m 700 "$scratch/work" "$scratch/said"
    become=
    if [ "$(directive "$3" AS)" = nobody ] && [ "$(id -u)" = 0 ]; then
        become='setpriv --reuid=65534 --regid=65534 --clear-groups'
        chown 65534:65534 "$scratch/work" "$scratch/said"
        install -d -m 700 -o 65534 -g 65534 "$recordings/session"
    fi
    script=$(cat "$3") # as a word: nobody may not be able to read it
    began=$(now_ms)
    status=0
    (
        cd "$scratch/work"
        exec env -u LD_PRELOAD -u FDTRACE_OPTIONS LC_ALL=C HOME="$scratch/work" TRACE="$scratch/$1" \
            $become timeout -k 5 "${limit:-300}" sh -c "$script" sh ${4:+"$4"}
    ) >"$out.answers" 2>"$out.said" </dev/null || status=$?
    echo "$status" >"$out.status"
    if [ -s "$scratch/work/figure" ]; then
        head -1 "$scratch/work/figure" >"$out.figure"
    else
        awk "BEGIN { printf \"%.2f s\n\", ($(now_ms) - $began) / 1000 }" >"$out.figure"
    fi
}

# Processes whose table was equal, and lines that say otherwise. A process killed while it compared has said nothing.
verdicts() {
    cat "$scratch"/said/verify.* >"$scratch/verdicts" 2>/dev/null || :
    equal=$(grep -c 'table equals kernel' "$scratch/verdicts" || :)
    grep -v 'table equals kernel\|nothing was verified' "$scratch/verdicts" >"$scratch/differences" || :
    different=$(grep -c . "$scratch/differences" || :)
}

accusations() {
    errors='-'
    if [ -d "$recordings/session" ] &&
        "$build/fdtrace" report -o json:"$scratch/report.json" "$recordings/session" >/dev/null 2>"$scratch/report.said"; then
        errors=$(grep -o '"severity": *"error"' "$scratch/report.json" | wc -l)
    fi
}

same() { # OUT OUT
    cmp -s "$1.answers" "$2.answers" && cmp -s "$1.status" "$2.status"
}

# Traced against bare, or bare against traced where the unit is a rate.
cost() { # BARE TRACED
    awk -v a="$(cat "$1")" -v b="$(cat "$2")" 'BEGIN {
        split(a, bare, " "); split(b, traced, " ")
        if (bare[1] <= 0 || traced[1] <= 0) print "-"
        else printf "%.2fx\n", (bare[2] == "s") ? traced[1] / bare[1] : bare[1] / traced[1] }'
}

# What differs from the bare run, indented.
explain() { # OUT
    diff "$scratch/bare.answers" "$1.answers" | grep '^[<>]' | head -20 | sed 's/^/    /' || :
    cmp -s "$scratch/bare.status" "$1.status" || echo "    traced it ended with $(cat "$1.status")"
}

failed=0
compare() { # NAME FILE ARGUMENT
    perform bare "$scratch/bare" "$2" "$3"
    if [ "$(cat "$scratch/bare.status")" = 77 ]; then
        printf '%-72s skipped: %s\n' "$1" "$(tail -n 1 "$scratch/bare.said")"
        return
    fi
    perform timed "$scratch/timed" "$2" "$3"
    perform verified "$scratch/verified" "$2" "$3"
    verdicts
    accusations
    [ -z "$keep" ] || keep_all "$1"
    results=same
    if ! same "$scratch/bare" "$scratch/timed" || ! same "$scratch/bare" "$scratch/verified"; then
        results=differ
        perform bare "$scratch/again" "$2" "$3"
        same "$scratch/bare" "$scratch/again" || results=unsteady
    fi
    if [ "$results" = differ ] || [ "$different" != 0 ] || [ "$equal" = 0 ]; then
        failed=1
    fi
    printf '%-72s %14s %14s %7s  %-8s %4s %6s:%-3s %6s\n' "$1" "$(cat "$scratch/bare.figure")" \
        "$(cat "$scratch/timed.figure")" "$(cost "$scratch/bare.figure" "$scratch/timed.figure")" \
        "$results" "$(cat "$scratch/bare.status")" "$equal" "$different" "$errors"
    if [ "$results" != same ]; then
        explain "$scratch/timed"
        explain "$scratch/verified"
    fi
    head -n 5 "$scratch/differences" | sed 's/^/    /'
}

keep_all() { # NAME
    where=$keep/$(printf %s "$1" | tr ' /' '__')
    rm -rf "$where"
    mkdir -p "$where"
    cp "$scratch"/bare.* "$scratch"/timed.* "$scratch"/verified.* "$scratch/verdicts" "$where"
    if [ -e "$scratch/report.json" ]; then mv "$scratch/report.json" "$where"; fi
    "$build/fdtrace" report "$recordings/session" >"$where/report.txt" 2>&1 || :
}

printf '%-72s %14s %14s %7s  %-8s %4s %6s:%-3s %6s\n' workload bare traced cost results ends verify not errors
while read -r workload argument; do
    [ -n "$workload" ] || continue
    name=$workload${argument:+ $argument}
    wanted "$name" || continue
    file=tests/trust/$workload.sh
    missing=$(absent $(directive "$file" NEEDS))
    if [ -n "$missing" ]; then
        printf '%-72s skipped: there is no %s here\n' "$name" "$missing"
        continue
    fi
    compare "$name" "$file" "$argument"
done <<WORKLOADS
$workloads
WORKLOADS
exit $failed
