# What dash passes on to a command on purpose: pipes, here documents, redirections by number, background jobs.
# NEEDS: dash
# EXPECT: 5 was read by the child
# NEVER: error
exec dash <<'SCRIPT'
set -e
echo "five" >file
exec 5<file 6>copy
sh -c 'read -r word <&5; echo "5 was read by the child: $word" >&6; echo "and written"'
cat copy
exec 5<&- 6>&-
cat <<HERE | tr a-z A-Z | sed 's/^/piped: /'
a here document of $(echo a substitution)
HERE
{ echo one; echo two >&2; } 2>&1 | sort
(echo in a subshell; exit 3) || echo "it said $?"
for i in 1 2 3 4 5; do (echo "job $i" >"job$i") & done
wait
cat job1 job2 job3 job4 job5
mkfifo fifo
cat <fifo & echo "through a fifo" >fifo
wait
cat 7<file <&7 8>&1 >&8
exec 9>&1 >swapped
echo "to the file"
exec >&9 9>&-
cat swapped
no-such-command 2>/dev/null || echo "127 is $?"
trap 'echo trapped' EXIT
exec sh -c 'echo "and an exec"'
SCRIPT
