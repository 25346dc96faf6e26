# initdb runs postgres many times, by popen; the server forks a process for each connection and for each duty.
# NEEDS: setpriv /usr/lib/postgresql/15/bin/initdb /usr/lib/postgresql/15/bin/psql
# EXPECT: 500500
# AS: nobody
set -e
PATH=/usr/lib/postgresql/15/bin:$PATH
initdb -D data -U owner -A trust -N --no-locale -E UTF8 >/dev/null
ls data | wc -l
cat >>data/postgresql.conf <<CONFIG
listen_addresses = ''
unix_socket_directories = '$PWD'
shared_buffers = 8MB
fsync = off
max_worker_processes = 4
logging_collector = off
CONFIG
pg_ctl -s -D data -l log -w -t 15 start
trap 'pg_ctl -s -D data -m immediate stop 2>/dev/null || true' EXIT # nothing stays behind when a query fails
query() { psql -h "$PWD" -U owner -d postgres -AtX -c "$1"; }
query 'create table numbers as select generate_series(1, 1000) as n'
query 'select sum(n) from numbers'
query 'create index on numbers(n)'
query 'vacuum analyze numbers'
for i in 1 2 3; do query "insert into numbers select $i" >/dev/null & done
wait
query 'select count(*) from numbers'
query "copy (select 1) to program 'cat >copied'"
cat data/copied # written by the server, in its own folder
query 'select * from nothing' 2>&1 || echo "psql said $?"
pg_ctl -s -D data reload
pg_ctl -s -D data -m fast -w -t 15 stop
trap - EXIT
grep -c 'database system is shut down' log
