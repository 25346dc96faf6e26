# NEEDS: redis-server redis-cli
# EXPECT: background save done
set -e
redis-server --port 0 --unixsocket ./socket --dir "$PWD" --save '' --appendonly yes --logfile ./log &
cli() { redis-cli -s ./socket "$@"; }
until cli ping >/dev/null 2>&1; do kill -0 $!; done
cli set key value
cli get key
cli eval 'for i = 1, 1000 do redis.call("rpush", "list", i) end return redis.call("llen", "list")' 0
cli lrange list 0 3
cli save
cli bgrewriteaof >/dev/null
while cli info persistence | grep -q 'aof_rewrite_in_progress:1\|aof_rewrite_scheduled:1'; do :; done
cli bgsave >/dev/null
while cli info persistence | grep -q 'rdb_bgsave_in_progress:1'; do :; done
cli info persistence | grep -q 'rdb_last_bgsave_status:ok' && echo 'background save done'
cli shutdown || true
wait $!
echo "redis ended with $?"
redis-server --port 0 --unixsocket ./socket --dir "$PWD" --save '' --appendonly yes --logfile ./log &
until [ "$(cli ping 2>&1)" = PONG ]; do kill -0 $!; done
cli llen list
cli shutdown nosave || true
wait $!
