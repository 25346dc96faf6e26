#!/bin/sh
# The tables of README.md say what the code says: rules, options of FDTRACE_OPTIONS, options of the command, and what is
# allowed to stay open; and fdtrace(1) knows every option and rule. --write brings README.md up to date.
# usage: check-readme.sh [--write]      ($FDTRACE: the command, default build/fdtrace)
set -eu
cd "$(dirname "$0")/.."
fdtrace=${FDTRACE:-build/fdtrace}
[ -x "$fdtrace" ] || { echo "check-readme: $fdtrace: no such command; run make first" >&2; exit 2; }

# FDT_RULE(symbol, "id", SEVERITY, "what it says")
RULES=$(sed -n \
    's/^FDT_RULE([a-z0-9_]*, *"\([^"]*\)", *\([A-Z]*\), *"\(.*\)")$/| `\1` | \L\2\E | \3 |/p' include/fdtrace/rules.def)
# FDT_OPTION(key, TYPE, "default", "help")
OPTIONS=$(sed -n \
    's/^FDT_OPTION(\([a-z_]*\), *[A-Z]*, *"\([^"]*\)", *"\(.*\)")$/| `\1=\2` | \3 |/p' include/fdtrace/options.def)
# ALLOW("kind", "name", "why")
ALLOWED=$(sed -n 's/^ALLOW("\([^"]*\)", *"\([^"]*\)", *"\(.*\)")$/| `\1:\2` | \3 |/p' analyzer/allow.def)
# "  -o, --name=ARGUMENT   help"; those of run come first, those it shares with report follow
COMMAND=$("$fdtrace" run --help | sed 's/|/\\|/g' |
    sed -n 's/^  *\(-[a-z], \)\{0,1\}\(--[a-z-]*[^ ]*\)  *\(.*\)$/| `\1\2` | \3 |/p')
export RULES OPTIONS ALLOWED COMMAND

fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT
awk '
    /^<!-- end of (rules|options|allowed|command) -->/ {inside = 0}
    !inside {print}
    /^<!-- rules -->/   {print "| rule | severity | says |\n|---|---|---|\n" ENVIRON["RULES"]; inside = 1}
    /^<!-- options -->/ {print "| option and default | meaning |\n|---|---|\n" ENVIRON["OPTIONS"]; inside = 1}
    /^<!-- allowed -->/ {print "| descriptor | why |\n|---|---|\n" ENVIRON["ALLOWED"]; inside = 1}
    /^<!-- command -->/ {print "| option | meaning |\n|---|---|\n" ENVIRON["COMMAND"]; inside = 1}
' README.md >"$fresh"

if [ "${1-}" = --write ]; then
    cat "$fresh" >README.md
elif ! diff -u README.md "$fresh"; then
    echo "README.md: a table differs from the code; run scripts/check-readme.sh --write" >&2
    exit 1
fi

missing=
for command in run report diff; do
    for option in $("$fdtrace" $command --help | grep -o -e '--[a-z][a-z-]*' | sort -u); do
        grep -qF -- "$(printf '%s' "$option" | sed 's/-/\\-/g')" analyzer/fdtrace.1 || missing="$missing $option"
    done
done
for rule in $(sed -n 's/^FDT_RULE([a-z0-9_]*, *"\([^"]*\)".*/\1/p' include/fdtrace/rules.def); do
    grep -qF -- "$(printf '%s' "$rule" | sed 's/-/\\-/g')" analyzer/fdtrace.1 || missing="$missing $rule"
done
[ -z "$missing" ] || { echo "fdtrace.1 says nothing about:$missing" >&2; exit 1; }
