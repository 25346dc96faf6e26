#!/bin/sh
# Builds for aarch64 and runs the tests there. usage: scripts/check-aarch64.sh [test runner arguments]
#
# On an aarch64 machine that is scripts/check. Elsewhere everything is cross-built against Debian's arm64 packages, which are
# unpacked below build/aarch64 (no package of another machine is installed), and the tests run there under qemu's user
# emulation, in a user namespace of their own: there alone, Linux 6.7 and later, the kernel hands aarch64 programs to qemu.
#
# qemu's user emulation is no machine. What it cannot do stands in aarch64-emulated.tsv with the reason: those tests may fail.
# Any other failure fails the check, and so does a line of that list whose tests all pass. A whole-system emulation, or a real
# machine, is needed to see those.
set -eu
cd "$(dirname "$0")/.."
if [ "$(uname -m)" = aarch64 ]; then exec scripts/check "$@"; fi

scripts/deps.sh build worlds
folder=$PWD/build/aarch64
root=$folder/root
packages='libc6-dev libstdc++-12-dev libdw-dev libelf-dev libiberty-dev libjansson-dev libzstd-dev libxml2-dev zlib1g-dev uthash-dev
          libcriterion-dev libgtest-dev bash dash coreutils sed grep mawk findutils util-linux procps gzip python3
          python3-pytest git sqlite3 curl nginx-light redis-server memcached libxml2-utils python3-jsonschema
          protobuf-compiler binutils'

# apt with a world of its own: the packages of another machine, as if nothing were installed.
apt()
{
    apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Install-Recommends=false \
        -o Dir::State="$folder/apt" -o Dir::State::lists="$folder/apt/lists" -o Dir::State::status="$folder/apt/status" \
        -o Dir::Cache="$folder/apt/cache" -o APT::Sandbox::User=root "$@"
}

if [ ! -e "$root/complete" ]; then
    rm -rf "$root"
    mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib"
    : >"$folder/apt/status"
    apt update
    apt install --yes --download-only $packages
    for name in bin sbin lib; do ln -s "usr/$name" "$root/$name"; done
    for package in "$folder"/apt/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink --no-same-owner -C "$root"
    done
    # What maintainer scripts would have made, as far as a test looks.
    ln -sf mawk "$root/usr/bin/awk"
    printf 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n' >"$root/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
    printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
    mkdir -p "$root/var/log"
    touch "$root/var/log/dpkg.log"
    echo emulated >"$root/etc/hostname"
    mkdir -p "$root/proc" "$root/dev" "$root/tmp"
    touch "$root/complete"
fi

make -j2 CROSS=aarch64-linux-gnu- O=build/aarch64/out WERROR="${WERROR-1}" XML_FLAGS="-I$root/usr/include/libxml2" \
    SYSROOT="$root" all programs build/aarch64/out/fdtrace-tests
scripts/check-glibc.sh build/aarch64/out/libfdtrace.so

log=$folder/tests.log
here=$PWD
export root log here
unshare --user --map-root-user --mount --pid --fork sh -eu -c '
    mkdir -p "$root/binfmt"
    mount -t binfmt_misc binfmt_misc "$root/binfmt" || exit 77
    magic="\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00"
    mask="\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff"
    printf "%s" ":qemu-aarch64:M::$magic:$mask:/usr/bin/qemu-aarch64-static:PF" >"$root/binfmt/register" || exit 77
    mount --rbind /dev "$root/dev"
    mount -t proc proc "$root/proc"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
    mkdir -p "$root$here"
    mount --rbind "$here" "$root$here"
    # The first process of the namespace is a shell: the test runner waits for its own children, not for all orphans.
    exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin HOME=/root FDTRACE_BUILD="$here/build/aarch64/out" \
        /bin/sh -c "cd \"\$0\"; build/aarch64/out/fdtrace-tests -j2 --timeout 240 \"\$@\"; exit \$?" "$here" "$@"
' sh "$@" >"$log" 2>&1 && status=0 || status=$?
if [ "$status" = 77 ]; then
    tail -n 2 "$log" >&2
    echo "check-aarch64: this kernel gives a user namespace no binfmt_misc of its own (Linux 6.7); built, but nothing was run" >&2
    exit 1
fi
grep -q Synthesis "$log" || { tail -n 20 "$log" >&2; echo "check-aarch64: the tests did not run" >&2; exit 1; }

# Tests by name: a parameterized one counts as failed if one of its rows has.
failed=$(sed -n 's/^\[FAIL\] \([a-z_:0-9]*\): .*/\1/p' "$log" | sort -u)
unexpected=
for name in $failed; do
    if ! cut -f1 scripts/aarch64-emulated.tsv | grep -qx "$name"; then unexpected="$unexpected $name"; fi
done
grep Synthesis "$log" | tail -n 1
if [ -n "$unexpected" ]; then
    echo "check-aarch64: these should pass under qemu (see $log):$unexpected" >&2
    exit 1
fi
[ $# -gt 0 ] || grep -v '^#' scripts/aarch64-emulated.tsv | cut -f1 | while read -r name; do
    printf '%s\n' $failed | grep -qx "$name" || { echo "check-aarch64: $name passes; remove it from aarch64-emulated.tsv" >&2; exit 1; }
done
