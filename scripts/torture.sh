#!/bin/sh
# All of the torture of which `make check` runs slices: random SIGKILLs, storms of signals and forks, exhaustion of
# everything, hostile programs, other runtimes in the process. Prints a line for each item as soon as it is known; takes minutes.
#
#   torture.sh [PATTERN...]     only items whose name fits a pattern of the shell: 'storm *' killed
#
#   FDTRACE_BUILD  the build folder (default: build)
#
# An item is one test of the test program, or one program of tests/hostile that is run bare, traced, with a report and
# with its table compared to the kernel's at the end (verify=1). FDTRACE_TORTURE in their environment asks for all of it
# (tests/torture/scale.h). results: "ok", "FAILED" with what the test said below, or "skipped" with the reason, where this
# machine has no such thing. Exit status: 1 if anything failed.
set -eu

cd "$(dirname "$0")/.."
build=$(cd "${FDTRACE_BUILD:-build}" && pwd)

# name: the test, or the program of tests/hostile after a colon: what is done
items() {
    cat <<'ITEMS'
killed: torture/killed_at_random_moments: 1,000 SIGKILLs at random moments; every recording is readable and true
forks: torture/ten_thousand_forks: 10,000 forks
storm owned: :storm_owned: 10^7 operations on 8 threads that close what they own, signals at 10 kHz
storm shared: :storm_shared: 10^7 operations on 8 threads that close each other's numbers, signals at 10 kHz
storm jumps: :jump_storm: 50,000 jumps out of opens and closes by a signal handler
storm forks: :fork_storm: 2,000 forks, vforks and spawns from four threads among threads that open and close
storm fork images: :fork_among_threads: 500 forks among eight busy threads; each child verifies its table
storm fork in handler: :fork_in_handler: 2,000 forks in a handler that interrupts opens and closes
stack overflow: :stack_overflow: 5,000 stack overflows inside of opens and closes
exit among threads: :exit_among_threads: 500 ends by _exit among busy threads
descriptors none left: :exhausted: EMFILE from every call
descriptors four: :limit_four: RLIMIT_NOFILE=4
descriptors lowered: :limit_lowered: setrlimit below open numbers
descriptors many: :held: 100,000 descriptors held
descriptors beyond the table: surroundings/numbers_beyond_the_table: more numbers than the table has room for
memory: :little_memory: address spaces of 6 to 96 MiB, malloc failing
memory small threads: :small_threads: threads with stacks of 32 KiB
memory signal stack: :signal_stack: handlers on a signal stack of 16 KiB
memory file size: :limit_fsize: RLIMIT_FSIZE=0
full tmpfs: surroundings/a_tmpfs_full_from_the_start: a session folder without room
full tmpfs later: surroundings/a_tmpfs_that_fills_up: a session folder that fills up
full tmpfs inodes: surroundings/a_tmpfs_without_inodes: a session folder without inodes
full disk: surroundings/a_disk_that_fills_up: a session folder on a disk of 3 MiB
clock: clock/*: the guest's clock against the kernel's, on several processors, after jumps
clock of its own: :own_clock: a program whose clock_gettime runs backwards
clock namespaces: surroundings/clocks_of_another_namespace: children whose clocks are months ahead or behind
company address sanitizer: company/address_sanitizer*: AddressSanitizer in the process
company thread sanitizer: company/thread_sanitizer: ThreadSanitizer in the process
company interposer: company/another_interposer_before_and_after: other wrappers of open and close before and after us
company jemalloc: company/jemalloc_before_and_after: an allocator that opens files while it starts
company libc: company/a_libc_in_another_namespace: dlmopen, a second libc
streams and numbers: torture/streams_and_numbers: what libc closes among what the program does, with quarantine
stale closes: torture/stale_closes: closes of one number at once, while it is given away
static: run/programs_that_cannot_be_traced: static and static-pie programs are refused with a word
coroutines: :coroutines: stacks of the program's own making
cancelled: :cancelled: threads cancelled in accept and read
cancelled in close: :cancelled_close: threads cancelled in close
tables of their own: :parted_threads: threads that unshare their descriptors
userfaultfd: :userfaults: paths in pages that another thread serves
io_uring: :io_uring: descriptors that io_uring opens and closes
no system calls: steady/*: none for an event
ITEMS
}

wanted() { # NAME
    [ $# -gt 1 ] || return 0
    name=$1
    shift
    for pattern in "$@"; do
        case $name in
        $pattern) return 0 ;;
        esac
    done
    return 1
}

scratch=$(mktemp -d "${TMPDIR:-/tmp}/fdtrace-torture.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# One item; the verdict goes to $verdict. Tests that were filtered out are named, too: theirs is "Test is disabled".
perform() { # TEST-OR-:PROGRAM
    filter=$1
    only=
    case $1 in
    :*) filter=hostile/same_as_bare only=${1#:} ;;
    esac
    status=0
    env FDTRACE_TORTURE=1 FDTRACE_BUILD="$build" ${only:+FDTRACE_HOSTILE="$only"} \
        "$build/fdtrace-tests" -j1 --verbose=1 --timeout 3000 --filter "$filter" >"$scratch/said" 2>&1 || status=$?
    grep -v 'Test is disabled' "$scratch/said" >"$scratch/told" || :
    if [ $status != 0 ] || grep -q '^\[\(FAIL\|CRASH\)\]\|Crashing: [^0]' "$scratch/told"; then
        verdict=FAILED
    elif grep -q '^\[PASS\]' "$scratch/told"; then
        verdict=ok
    else
        verdict=skipped
    fi
}

failed=0
printf '%-30s %-8s %7s  %s\n' item result seconds what
items >"$scratch/items"
while IFS= read -r line; do
    name=${line%%: *}
    rest=${line#*: }
    test=${rest%%: *}
    wanted "$name" "$@" || continue
    began=$(date +%s)
    perform "$test"
    printf '%-30s %-8s %7d  %s\n' "$name" $verdict $(($(date +%s) - began)) "${rest#*: }"
    case $verdict in
    FAILED)
        failed=1
        grep '^\[\(FAIL\|CRASH\|----\)\]' "$scratch/told" | grep -v Criterion | cut -c1-300 | head -n 20 | sed 's/^/    /'
        ;;
    skipped) sed -n 's/^\[SKIP\] [^ ]*: */    /p' "$scratch/told" | head -n 3 ;;
    esac
done <"$scratch/items"
exit $failed
