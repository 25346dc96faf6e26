# A web server of two workers under load for three seconds; the client is not traced. A reload falls into the middle.
# NEEDS: nginx wrk curl
set -e
mkdir temp www
head -c 4096 /dev/zero >www/index.html
port=$((20000 + $$ % 10000))
cat >nginx.conf <<CONFIG
pid $PWD/nginx.pid;
error_log $PWD/error.log;
worker_processes 2;
daemon off;
$([ "$(id -u)" != 0 ] || echo 'user root;')
events { worker_connections 512; }
http {
    access_log $PWD/access.log;
    open_file_cache off;
    client_body_temp_path $PWD/temp; proxy_temp_path $PWD/temp; fastcgi_temp_path $PWD/temp;
    uwsgi_temp_path $PWD/temp; scgi_temp_path $PWD/temp;
    server { listen 127.0.0.1:$port; root $PWD/www; }
}
CONFIG
$TRACE nginx -p "$PWD" -c "$PWD/nginx.conf" -e "$PWD/error.log" >console 2>&1 &
server=$!
until curl -s "http://127.0.0.1:$port/" >/dev/null; do kill -0 $server; done
wrk -t 1 -c 32 -d 1s "http://127.0.0.1:$port/" >first
kill -HUP "$(cat nginx.pid)"
wrk -t 1 -c 32 -d 3s "http://127.0.0.1:$port/" >second
cat first second >&2
awk '/^Requests\/sec/ { print $2, "/s" }' second >figure
grep -c 'Non-2xx' second || :
curl -s "http://127.0.0.1:$port/" | cksum
kill -QUIT "$(cat nginx.pid)"
wait $server
echo "nginx ended with $?"
grep -c 'alert\|emerg\|crit' error.log || :
