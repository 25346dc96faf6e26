#!/bin/sh
# Installs what fdtrace needs, from Debian, and only what is missing: scripts/deps.sh [build] [test] [trust] [peers] [worlds] [fuzz]
#
#   build   the compiler and the libraries
#   test    Criterion and the other test frameworks that have hooks, and the real programs that the transparency tests
#           run traced; xmllint and jsonschema, which read what reports write
#   trust   the test suites and benchmarks of `make transparency`
#   worlds  compilers for aarch64 and musl, and qemu: for scripts/check-aarch64.sh and the tests that trace a program of musl
#   peers   the other tools that `make bench PEERS=1` measures, and what draws its plots
#   fuzz    clang with libFuzzer and the sanitizers, for `make fuzz`
#
# Nothing is said and nothing is touched when everything is there. Servers among the packages are neither started nor
# enabled: the tests start their own, on loopback.
set -eu

build='gcc g++ make libc6-dev binutils libunwind-dev uthash-dev libdw-dev libelf-dev libiberty-dev libjansson-dev
       libzstd-dev libxml2-dev zlib1g-dev'
servers='nginx-light redis-server memcached'
test="libcriterion-dev libgtest-dev python3-pytest pkg-config strace util-linux $servers python3 nodejs bash git curl
      sqlite3 dash libxml2-utils python3-jsonschema
      protobuf-compiler"
trust="$test libpython3.11-testsuite stress-ng wrk redis-tools postgresql postgresql-contrib"
worlds='gcc-aarch64-linux-gnu g++-aarch64-linux-gnu libc6-dev-arm64-cross qemu-system-arm cpio musl-tools'
peers='valgrind strace ltrace heaptrack gnuplot-nox'
fuzz='clang libclang-rt-14-dev'

wanted=
for group in "${@:-build}"; do
    case $group in
    build) wanted="$wanted $build" ;;
    test) wanted="$wanted $test" ;;
    trust) wanted="$wanted $trust" ;;
    peers) wanted="$wanted $peers" ;;
    worlds) wanted="$wanted $worlds" ;;
    fuzz) wanted="$wanted $fuzz" ;;
    *) echo "deps.sh: no group is called '$group': build, test, trust, peers, worlds, fuzz" >&2; exit 2 ;;
    esac
done

if ! command -v dpkg-query >/dev/null; then
    echo "deps.sh: this is no Debian; please install the equal of:" $wanted >&2
    exit 1
fi

present=$(dpkg-query -W -f '${Package} ${Status}\n' $wanted 2>/dev/null | sed -n 's/ install ok installed$//p')
missing=
for package in $wanted; do
    # pkgconf provides pkg-config, in Debian 12 as an empty package of the old name and elsewhere without it.
    if [ "$package" = pkg-config ] && command -v pkg-config >/dev/null; then continue; fi
    if ! printf '%s\n' "$present" | grep -qx "$package"; then missing="$missing $package"; fi
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then root=
elif command -v sudo >/dev/null; then root=sudo
else
    echo "deps.sh: as root, please run: apt-get install --no-install-recommends$missing" >&2
    exit 1
fi

log=$(mktemp)
policy=/usr/sbin/policy-rc.d
made_policy=
finish()
{
    rm -f "$log"
    if [ -n "$made_policy" ]; then $root rm -f "$policy"; fi
}
trap finish EXIT
trap 'exit 1' INT TERM HUP

# Maintainer scripts ask policy-rc.d before they start a service; 101 forbids it (invoke-rc.d(8)).
if [ ! -e "$policy" ]; then
    made_policy=1
    printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null
    $root chmod 755 "$policy"
fi

apt()
{
    if ! $root env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" >"$log" 2>&1 </dev/null; then
        cat "$log" >&2
        echo "deps.sh: apt-get $1 failed; still missing:$missing" >&2
        exit 1
    fi
}

echo "installing:$missing" >&2
apt update
apt install --yes --no-install-recommends $missing

# What we brought must not come up with the next boot either.
for package in $missing; do
    case " $servers " in
    *" $package "*) $root update-rc.d "${package%-light}" disable >/dev/null 2>&1 || true ;;
    esac
done
