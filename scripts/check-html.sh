#!/bin/sh
# Is the page of --format html good to look at? Runs its test in Chromium, where a missing Chromium is a failure, and
# takes pictures of the demo's report, wide and narrow, light and dark, for people to look at.
# usage: check-html.sh [FOLDER]      (where the pictures go; default build/html)
set -eu
cd "$(dirname "$0")/.."
folder=${1:-build/html}
if ! command -v chromium >/dev/null; then
    echo "check-html: there is no chromium; on Debian: apt-get install chromium" >&2
    exit 2
fi

make -s all programs build/fdtrace-tests
FDTRACE_BUILD=$PWD/build build/fdtrace-tests --timeout 120 --filter 'formats_look/html*'

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
build/fdtrace run -o "html:$folder/report.html" -- build/tests/demo/server
for width in 1280 400; do
    for scheme in 0 1; do
        name=$width-$([ "$scheme" = 0 ] && echo dark || echo light).png
        chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$profile" \
            --blink-settings=preferredColorScheme=$scheme --window-size=$width,3000 --enable-logging=stderr --v=0 \
            --screenshot="$folder/$name" "file://$folder/report.html" >"$profile/log" 2>&1
        if grep CONSOLE "$profile/log" >&2; then
            echo "check-html: the page complains at $width pixels" >&2
            exit 1
        fi
    done
done
echo "$folder: report.html and pictures of it"
