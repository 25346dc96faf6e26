# NEEDS: nginx curl
# EXPECT: 404
set -e
mkdir temp www
echo 'served by nginx' >www/index.html
head -c 300000 /dev/zero >www/large
cat >nginx.conf <<CONFIG
pid $PWD/nginx.pid;
error_log $PWD/error.log;
worker_processes 2;
daemon off;
$([ "$(id -u)" != 0 ] || echo 'user root;')
events { worker_connections 64; }
http {
    access_log $PWD/access.log;
    client_body_temp_path $PWD/temp; proxy_temp_path $PWD/temp; fastcgi_temp_path $PWD/temp;
    uwsgi_temp_path $PWD/temp; scgi_temp_path $PWD/temp;
    server { listen unix:$PWD/socket; root $PWD/www; location /proxy/ { proxy_pass http://unix:$PWD/socket:/; } }
}
CONFIG
nginx -p "$PWD" -c "$PWD/nginx.conf" -e "$PWD/error.log" &
get() { curl -s --unix-socket ./socket "http://localhost$1"; }
until get / >/dev/null; do kill -0 $!; done
get /
get /proxy/
get /large | wc -c
get /missing | grep -o 404 | head -1
kill -HUP $!
for i in 1 2 3 4 5; do get /proxy/index.html; done
kill -QUIT $!
wait $!
echo "nginx ended with $?"
grep -c 'GET /proxy/' access.log
ls -l socket 2>/dev/null || echo 'socket removed'
