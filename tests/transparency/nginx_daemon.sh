# nginx as it is usually run: a daemon with a master and workers, reloaded, upgraded logs, and told to quit.
# NEEDS: nginx curl
# EXPECT: configuration 2
# NEVER: leak-across-exec
# NEVER: double-close
# NEVER: use-after-close
set -e
mkdir temp www
echo 'served by a daemon' >www/index.html
configure()
{
    cat >nginx.conf <<CONFIG
pid $PWD/nginx.pid;
error_log $PWD/error.log;
worker_processes 3;
$([ "$(id -u)" != 0 ] || echo 'user root;')
events { worker_connections 64; }
http {
    access_log $PWD/access.log;
    client_body_temp_path $PWD/temp; proxy_temp_path $PWD/temp; fastcgi_temp_path $PWD/temp;
    uwsgi_temp_path $PWD/temp; scgi_temp_path $PWD/temp;
    server { listen unix:$PWD/socket; root $PWD/www; location /version { return 200 "configuration $1\n"; } }
}
CONFIG
}
control() { nginx -p "$PWD" -c "$PWD/nginx.conf" -e "$PWD/error.log" "$@"; }
get() { curl -s --unix-socket ./socket "http://localhost$1"; }
configure 1
control -t 2>&1 | grep -c ok
control
master=$(cat nginx.pid)
get /
get /version
configure 2
control -s reload
for try in $(seq 500); do [ "$(get /version)" = 'configuration 2' ] && break; done
get /version
mv access.log old.log
control -s reopen
for try in $(seq 500); do get / >/dev/null; [ ! -s access.log ] || break; done
ls access.log old.log
control -s quit
for try in $(seq 5000); do kill -0 "$master" 2>/dev/null || break; [ -e "/proc/$master/fd/0" ] || break; done
while [ -e nginx.pid ] && kill -0 "$master" 2>/dev/null; do :; done
[ -e nginx.pid ] || echo 'the daemon has ended'
