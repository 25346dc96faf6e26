# A key-value store under its own benchmark, which is not traced; it forks to save in between.
# NEEDS: redis-server redis-cli redis-benchmark
set -e
$TRACE redis-server --port 0 --unixsocket ./socket --dir "$PWD" --save '' --appendonly yes --logfile ./log >console 2>&1 &
server=$!
cli() { redis-cli -s ./socket "$@"; }
until cli ping >/dev/null 2>&1; do kill -0 $server; done
redis-benchmark -s ./socket --csv -n 100000 -c 32 -t set,get,lpush,lpop >rates
cat rates >&2
awk -F'"' '$4 + 0 > 0 { sum += 1 / $4; n++ } END { print n / sum, "/s" }' rates >figure
cli bgsave >/dev/null
while cli info persistence | grep -q 'rdb_bgsave_in_progress:1'; do :; done
cli info persistence | grep 'rdb_last_bgsave_status'
# Connections that come and go, which is what costs descriptors.
redis-benchmark -s ./socket -q -n 5000 -c 32 -k 0 -t ping >/dev/null
cli dbsize
cli shutdown nosave || :
status=0
wait $server || status=$?
echo "redis ended with $status"
