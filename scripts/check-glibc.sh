#!/bin/sh
# Does the library load on an old glibc? Names what it needs that is newer. usage: check-glibc.sh [LIBRARY [VERSION]]
# (default: build/libfdtrace.so 2.28)
set -eu
cd "$(dirname "$0")/.."
library=${1:-build/libfdtrace.so}
oldest=${2:-2.28}

needed=$(objdump -T "$library" | sed -n 's/.*\*UND\*.*[ (]GLIBC_\([A-Za-z0-9.]*\))\{0,1\} *\(.*\)/\1 \2/p')
[ -n "$needed" ] || { echo "check-glibc: $library asks glibc for nothing at all?" >&2; exit 2; }
newer=$(printf '%s\n' "$needed" | while read -r version symbol; do
    newest=$(printf '%s\n%s\n' "$oldest" "$version" | sort -V | tail -n 1)
    [ "$newest" = "$oldest" ] || echo "$symbol@GLIBC_$version"
done)
if [ -n "$newer" ]; then
    echo "check-glibc: $library would not load on glibc $oldest, for these:" $newer >&2
    echo "check-glibc: bind an older version of each (preload/loader.h), or find it when the library starts" >&2
    exit 1
fi
