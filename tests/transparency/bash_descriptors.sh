# What bash passes on to a command on purpose: numbers it chose itself, process substitution, a coprocess, here strings.
# NEEDS: bash
# EXPECT: the child read: line one
# NEVER: leak-at-exit
# NEVER: use-after-close
# NEVER: leak-across-exec
exec bash --norc <<'SCRIPT'
set -e
printf 'line one\nline two\n' >file
exec {given}<file {log}>log
(( given >= 10 && log >= 10 )) && echo "bash chose the numbers"
cat <&"$given" >&"$log"
exec {given}<&- {log}>&-
wc -l <log
exec 5<file
sh -c 'read -r line <&5; echo "the child read: $line"'
exec 5<&-
diff <(sort file) <(sort -r file) || echo "diff said $?"
tee >(cat >tee1) >(cat >tee2) <file >/dev/null
while [ ! -s tee1 ] || [ ! -s tee2 ]; do :; done
cat tee1 tee2
cat <<<"a here string"
coproc upper { while read -r word; do echo "${word^^}"; done; }
upper_pid=$upper_PID # bash forgets it as soon as the coprocess has ended
echo "coprocess" >&"${upper[1]}"
read -r answer <&"${upper[0]}"
exec {upper[1]}>&-
wait "$upper_pid"
echo "$answer"
for i in {1..8}; do sh -c "exit $i" & pids+=($!); done
sum=0
for pid in "${pids[@]}"; do wait "$pid" || sum=$((sum + $?)); done
echo "jobs said $sum"
shopt -s lastpipe
printf '%s\n' a b c | mapfile -t words
echo "${#words[@]} words"
seq 2000 | while read -r n; do echo $((n % 7)); done | sort | uniq -c | tail -1
exec 3>&1
output=$(echo "kept aside" >&3; echo "captured")
exec 3>&-
echo "$output"
timeout 5 bash -c 'exec 4<>file; read -r line <&4; echo "$line"; exec 4>&-'
SCRIPT
