# A database and pgbench, which connects anew for every transaction: a process and a handful of descriptors each.
# NEEDS: setpriv /usr/lib/postgresql/15/bin/initdb /usr/lib/postgresql/15/bin/pgbench
# AS: nobody
set -e
PATH=/usr/lib/postgresql/15/bin:$PATH
initdb -D data -U owner -A trust -N --no-locale -E UTF8 >/dev/null
cat >>data/postgresql.conf <<CONFIG
listen_addresses = ''
unix_socket_directories = '$PWD'
shared_buffers = 16MB
fsync = off
autovacuum = off
CONFIG
$TRACE pg_ctl -s -D data -l log -w -t 30 start
trap 'pg_ctl -s -D data -m immediate stop 2>/dev/null || :' EXIT
bench() { pgbench -h "$PWD" -U owner "$@" postgres; }
bench -q -i -s 1 >/dev/null 2>&1
bench -c 4 -j 1 -t 500 -n >steady
bench -c 2 -j 1 -t 100 -n -C >connecting
cat steady connecting >&2
awk '/^tps/ { print $3, "/s" }' connecting >figure
sed -n 's/^number of transactions actually processed/processed/p; s/^number of failed transactions/failed/p' steady connecting
psql -h "$PWD" -U owner -AtX -c 'select count(*) from pgbench_history' postgres
pg_ctl -s -D data -m fast -w -t 30 stop
trap - EXIT
grep -c 'database system is shut down' log
