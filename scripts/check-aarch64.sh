#!/bin/sh
# Builds for aarch64 and runs the tests there. usage: scripts/check-aarch64.sh [test runner arguments]
#
# On an aarch64 machine that is scripts/check. Elsewhere everything is cross-built against Debian's arm64 packages, which
# are unpacked below build/aarch64 (no package of another machine is installed), and the tests run in a machine that qemu
# emulates: Debian's kernel, and a file system in memory that holds those packages and this tree. No rights are needed.
#
# It takes its time: some twenty minutes of one processor, besides the first download of 200 MB; and 5 GiB of memory. What
# the machine says goes to build/aarch64/tests.log. FDTRACE_SLOWNESS (tests/torture/scale.h) makes the tests patient.
set -eu
cd "$(dirname "$0")/.."
if [ "$(uname -m)" = aarch64 ]; then exec scripts/check "$@"; fi

scripts/deps.sh build worlds
here=$PWD
folder=$here/build/aarch64
root=$folder/root
packages='libc6-dev libstdc++-12-dev libdw-dev libelf-dev libiberty-dev libjansson-dev libzstd-dev libxml2-dev
          zlib1g-dev uthash-dev libcriterion-dev libgtest-dev bash dash coreutils diffutils sed grep mawk findutils
          util-linux mount procps gzip python3 python3-pytest git sqlite3 curl nginx-light redis-server memcached
          libxml2-utils python3-jsonschema protobuf-compiler binutils gcc strace linux-image-cloud-arm64'

# apt with a world of its own: the packages of another machine, as if nothing were installed.
apt()
{
    apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Install-Recommends=false \
        -o Dir::State="$folder/apt" -o Dir::State::lists="$folder/apt/lists" -o Dir::State::status="$folder/apt/status" \
        -o Dir::Cache="$folder/apt/cache" -o APT::Sandbox::User=root "$@"
}

# Files below the current folder, named on standard input, as the kernel wants to be given its first file system.
archive()
{
    cpio --quiet -o -H newc -R 0:0
}

if [ "$(cat "$root/complete" 2>/dev/null)" != "$packages" ]; then
    rm -rf "$root"
    mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial"
    mkdir -p "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib"
    : >"$folder/apt/status"
    apt update
    apt autoclean
    apt install --yes --download-only $packages
    for name in bin sbin lib; do ln -s "usr/$name" "$root/$name"; done
    for package in "$folder"/apt/cache/archives/*.deb; do
        dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink --no-same-owner -C "$root"
    done
    # What maintainer scripts would have made, as far as a test looks.
    ln -sf mawk "$root/usr/bin/awk"
    ln -sf gcc "$root/usr/bin/cc"
    printf 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n' >"$root/etc/passwd"
    printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
    printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
    mkdir -p "$root/var/log" "$root/proc" "$root/sys" "$root/dev" "$root/tmp"
    touch "$root/var/log/dpkg.log"
    echo emulated >"$root/etc/hostname"
    (cd "$root" && find . -path './usr/share/doc/*' -prune -o -path './usr/share/man/*' -prune -o \
        -path './usr/share/locale/*' -prune -o -path './usr/lib/modules/*' -prune -o -path './boot/*' -prune -o -print |
        archive) >"$folder/root.cpio"
    printf %s "$packages" >"$root/complete"
fi

make -j2 CROSS=aarch64-linux-gnu- O=build/aarch64/out WERROR="${WERROR-1}" XML_FLAGS="-I$root/usr/include/libxml2" \
    SYSROOT="$root" all programs build/aarch64/out/fdtrace-tests
scripts/check-glibc.sh build/aarch64/out/libfdtrace.so

# What the machine does: tests, and nothing else. They think that it has been up for a day: some wants an hour.
own=$folder/own
rm -rf "$own"
mkdir -p "$own$folder"
cat >"$own/init" <<'END'
#!/bin/sh
mount -t devtmpfs devtmpfs /dev
exec >/dev/ttyAMA0 2>&1 </dev/null
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mkdir -p /dev/pts /dev/shm
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
for folder in /tmp /dev/shm /run; do mount -t tmpfs -o mode=1777 tmpfs "$folder"; done
ln -s /proc/self/fd /dev/fd
hostname emulated
python3 -c 'import fcntl, socket, struct
with socket.socket() as any: fcntl.ioctl(any, 0x8914, struct.pack("16sh14x", b"lo", 0x49))' # SIOCSIFFLAGS: up
ulimit -Hn 524288
. /tests
echo "the tests ended with $?"
echo o >/proc/sysrq-trigger
sleep 60
END
chmod 755 "$own/init"
{
    echo "cd '$here'"
    printf %s "env -i PATH=/usr/sbin:/usr/bin HOME=/root FDTRACE_BUILD='$folder/out' FDTRACE_SLOWNESS=10 " \
        "unshare --time --fork --monotonic 100000 build/aarch64/out/fdtrace-tests -j2 --timeout 2400"
    [ $# -eq 0 ] || printf " '%s'" "$@"
    echo
} >"$own/tests"
{
    cat "$folder/root.cpio"
    (cd "$own" && find . | archive)
    (cd / && find ".$here" -path ".$here/.git" -prune -o -path ".$here/build" -prune -o -print | archive)
    (cd / && find ".$folder/out" -name '*.o' -prune -o -print | archive)
} >"$folder/initrd"

log=$folder/tests.log
timeout 10800 qemu-system-aarch64 -machine virt -cpu max,pauth-impdef=on,sve=off -smp 1 -m 4G -nodefaults -nographic \
    -monitor none -serial "file:$log" -no-reboot -append 'console=ttyAMA0 quiet panic=-1 mitigations=off' \
    -kernel "$root"/boot/vmlinuz-* -initrd "$folder/initrd"
grep -a Synthesis "$log" | tail -n 1
if ! grep -aq 'the tests ended with 0' "$log"; then
    grep -a '^\[FAIL\]' "$log" >&2 || tail -n 20 "$log" >&2
    echo "check-aarch64: not all is well; $log tells" >&2
    exit 1
fi
