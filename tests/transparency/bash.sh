# NEEDS: bash
# EXPECT: 15 lines, sum 5050
exec bash --norc <<'SCRIPT'
set -e
sum=0
while read -r number; do sum=$((sum + number)); done < <(seq 100)
exec 7>numbers
seq 15 >&7
exec 7>&-
exec 8<numbers
read -r first <&8
exec 8<&-
coproc cat
echo "through a coprocess" >&"${COPROC[1]}"
read -r answer <&"${COPROC[0]}"
echo "$answer, $first"
cat <<HERE | tr a-z A-Z
a here document
HERE
(exec 1>&2; :) 2>/dev/null
echo "$(wc -l <numbers) lines, sum $sum"
{ echo out; echo err >&2; } 2>&1 | sort
ls /no/such/folder 2>/dev/null || echo "ls said $?"
SCRIPT
