#!/bin/sh
# Is the surface complete? usage: check-surface.sh [LIBRARY]      (default: build/libfdtrace.so)
#
#   surface.tsv             every function of libc we know of: name, verdict, and why. Verdicts:
#                             fd      makes, copies, closes, marks, names or passes on descriptors, or ends the image
#                             io      uses a descriptor or a handle
#                             hidden  opens or keeps descriptors for libc's own purposes
#                             none    has nothing to do with descriptors
#   surface-exceptions.tsv  names of verdict fd or io that are not wrapped, with the reason; `*` and `?` as in a shell
#
# Four things are checked; each failure names the symbols and says what to do:
#   1. every function this machine's libc exports has a verdict;
#   2. every name of verdict fd or io is exported by the library or excepted, and no exception is out of date;
#   3. the library exports nothing but names with a verdict other than none, fdtrace_*, and a word to AddressSanitizer
#      (preload/sanitizer.c), and has no symbol versions;
#   4. each wrapper has a row in tests/hooks, and each row a wrapper.
set -eu
export LC_ALL=C
here=$(cd "$(dirname "$0")/.." && pwd)
library=${1:-build/libfdtrace.so}
[ -r "$library" ] || { echo "check-surface: $library: no such library; run make first" >&2; exit 2; }
libc=$(ldd "$library" | awk '$1 ~ /^libc\.so/ {print $3}')
[ -r "$libc" ] || { echo "check-surface: $library: no libc found for it; is it this machine's?" >&2; exit 2; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# complain TEXT < NAMES: a failure when there are names. Kept in a file, because pipelines end in subshells.
complain() {
    names=$(tr '\n' ' ')
    [ -n "$names" ] || return 0
    printf 'check-surface: %s: %s\n' "$1" "$names" >&2
    : >"$scratch/failed"
}

# Names of functions and data, without versions; the version nodes themselves are of type A.
exports() { nm -D --defined-only "$1" | awk '$2 != "A" {sub(/@.*/, "", $3); print $3}' | sort -u; }

exports "$libc" >"$scratch/libc"
exports "$library" >"$scratch/library"
grep -v '^fdtrace_\|^__asan_default_options$' "$scratch/library" >"$scratch/wrapped"
grep -v '^#' "$here/scripts/surface.tsv" | sort >"$scratch/surface"
cut -f1 "$scratch/surface" >"$scratch/known"
awk -F'\t' '$2 == "fd" || $2 == "io" {print $1}' "$scratch/surface" >"$scratch/wanted"
awk -F'\t' '$2 != "none" {print $1}' "$scratch/surface" >"$scratch/allowed"
grep -hoE '^[A-Z0-9_]*(ROW|USED)\([A-Za-z0-9_]+' "$here"/tests/hooks/*.c | sed 's/.*(//' | sort >"$scratch/rows"

grep -v '^#' "$here/scripts/surface-exceptions.tsv" >"$scratch/exceptions"
comm -23 "$scratch/wanted" "$scratch/wrapped" >"$scratch/unwrapped"
touch "$scratch/excepted" "$scratch/idle"
while IFS='	' read -r pattern reason; do
    [ -n "$reason" ] || echo "$pattern" | complain "an exception without a reason"
    expression=$(printf '%s' "$pattern" | sed 's/\*/.*/g; s/?/./g')
    grep -x -- "$expression" "$scratch/unwrapped" >>"$scratch/excepted" || echo "$pattern" >>"$scratch/idle"
done <"$scratch/exceptions"
sort -u -o "$scratch/excepted" "$scratch/excepted"

comm -23 "$scratch/libc" "$scratch/known" | complain "libc exports these, and surface.tsv has no verdict for them"
comm -23 "$scratch/unwrapped" "$scratch/excepted" |
    complain "not wrapped; write a wrapper, or a reason into surface-exceptions.tsv"
complain "exceptions that except nothing any more; remove them" <"$scratch/idle"
comm -23 "$scratch/wrapped" "$scratch/allowed" | complain "exported by the library, but no part of the surface"
nm -D --defined-only "$library" | awk '$3 ~ /@/ || $2 == "A" {print $3}' |
    complain "the library must have no symbol versions"
comm -23 "$scratch/wrapped" "$scratch/rows" | complain "wrappers without a row in tests/hooks"
comm -13 "$scratch/wrapped" "$scratch/rows" | complain "rows in tests/hooks without a wrapper"
uniq -d "$scratch/rows" | complain "more than one row in tests/hooks"

[ ! -e "$scratch/failed" ] || exit 1
printf 'surface: %d names have a verdict, %d are wrapped and have a row, %d are excepted with a reason\n' \
    "$(wc -l <"$scratch/known")" "$(wc -l <"$scratch/wrapped")" "$(wc -l <"$scratch/excepted")"
