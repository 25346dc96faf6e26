#!/bin/sh
# The tables of rules and options in README.md say what include/fdtrace/*.def say. --write brings them up to date.
set -eu
cd "$(dirname "$0")/.."

# FDT_RULE(symbol, "id", SEVERITY, "what it says")
RULES=$(sed -n \
    's/^FDT_RULE([a-z_]*, *"\([^"]*\)", *\([A-Z]*\), *"\(.*\)")$/| `\1` | \L\2\E | \3 |/p' include/fdtrace/rules.def)
# FDT_OPTION(key, TYPE, "default", "help")
OPTIONS=$(sed -n \
    's/^FDT_OPTION(\([a-z_]*\), *[A-Z]*, *"\([^"]*\)", *"\(.*\)")$/| `\1=\2` | \3 |/p' include/fdtrace/options.def)
export RULES OPTIONS

fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT
awk '
    /^<!-- end of (rules|options) -->/ {inside = 0}
    !inside {print}
    /^<!-- rules -->/   {print "| rule | severity | says |\n|---|---|---|\n" ENVIRON["RULES"]; inside = 1}
    /^<!-- options -->/ {print "| option and default | meaning |\n|---|---|\n" ENVIRON["OPTIONS"]; inside = 1}
' README.md >"$fresh"

if [ "${1-}" = --write ]; then
    cat "$fresh" >README.md
elif ! diff -u README.md "$fresh"; then
    echo "README.md: a table differs from include/fdtrace/*.def; run scripts/check-readme.sh --write" >&2
    exit 1
fi
