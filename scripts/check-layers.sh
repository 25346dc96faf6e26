#!/bin/sh
# Who may know whom: include/ knows nobody; preload/ and analyzer/ know include/ and themselves, never each other. And what
# the guest may ask of libc while it is in somebody else's process. usage: check-layers.sh [LIBRARY]
set -eu
cd "$(dirname "$0")/.."
library=${1:-build/libfdtrace.so}
failed=

fail()
{
    echo "check-layers: $*" >&2
    failed=1
}

# $1: a folder of sources; the rest: where its quoted includes may lie. Beside the file itself always counts.
check_includes()
{
    layer=$1
    shift
    for file in $(find "$layer" -name '*.[chS]' -o -name '*.def'); do
        for name in $(sed -n 's/^ *# *include "\(.*\)".*/\1/p' "$file"); do
            found=
            for folder in "$(dirname "$file")" "$@"; do
                [ ! -e "$folder/$name" ] || found=1
            done
            case $name in *..*) found= ;; esac
            [ -n "$found" ] || fail "$file includes $name, which is not of its layer"
        done
    done
}
check_includes include include
check_includes preload preload include
check_includes analyzer analyzer include

# What the guest may call in libc. No malloc, no stdio, no locks: a wrapper can run in any signal handler, between fork and
# exec, and inside malloc itself. And never a function that has a wrapper: libc's own is reached as REAL(name).
allowed='
    memcpy memmove memset memcmp memchr strlen strnlen strcmp strncmp strchr strrchr strcspn strcpy strncpy
    strstr
    __errno_location environ __environ __libc_stack_end getauxval
    abort'
# Called at the start, at the end, or by the process calls, never for an event.
allowed="$allowed"'
    dlopen dlsym dladdr __libc_dlopen_mode __libc_dlsym dl_iterate_phdr getenv madvise munmap
    pthread_key_create pthread_setspecific __cxa_atexit __cxa_at_quick_exit on_exit fflush'
# No calls: libc's standard streams, whose addresses are compared.
allowed="$allowed _IO_2_1_stdin_ _IO_2_1_stdout_ _IO_2_1_stderr_"
# The program's own, if it has one: called once, at the start.
allowed="$allowed fdtrace_default_suppressions"
# Tells one C library from the other; never called.
allowed="$allowed gnu_get_libc_version"
# Emitted by the compiler: unwinding through a wrapper, thread-local storage, the linker's table of addresses and hooks, and
# where the library begins.
allowed="$allowed"'
    _Unwind_Resume __gcc_personality_v0 __stack_chk_fail __tls_get_addr _GLOBAL_OFFSET_TABLE_
    __start_fdt_hooks __stop_fdt_hooks __ehdr_start __dso_handle'

objects=$(find "$(dirname "$library")/preload" -name '*.o')
exported=$(nm -D --defined-only "$library" | sed 's/.* //; s/@.*//; /^fdtrace_/d')
ours=$(nm --defined-only $objects | sed -n 's/^[0-9a-f]* [A-Zi] //p' | sort -u | grep -vxF "$exported")
for symbol in $(nm -u $objects | sed -n 's/^ *[Uw] //p' | sed 's/@.*//' | sort -u | grep -vxF "$ours"); do
    case " $(echo $allowed) " in
    *" $symbol "*) ;;
    *) fail "preload calls $symbol, which is not on the list of what a guest may call" ;;
    esac
done

needed=$(readelf -d "$library" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
[ "$needed" = libc.so.6 ] || fail "libfdtrace.so needs" $needed "and should need libc.so.6 alone"

[ -z "$failed" ]
