# A cache with four threads, and 50,000 connections that come, ask and go; the client is not traced.
# NEEDS: memcached /usr/bin/python3
set -e
$TRACE memcached -s ./socket -P "$PWD/pid" -t 4 -c 512 $([ "$(id -u)" != 0 ] || echo '-u root') >console 2>&1 &
server=$!
cat >talk.py <<'PYTHON'
import collections, socket, time

def connect():
    connection = socket.socket(socket.AF_UNIX)
    while connection.connect_ex("./socket") != 0:
        connection.close()
        connection = socket.socket(socket.AF_UNIX)
    return connection

connect().close()
answers = collections.Counter()
start = time.monotonic()
for turn in range(1000):
    connections = [connect() for _ in range(50)]
    for number, connection in enumerate(connections):
        connection.sendall(b"set key%d 0 0 5\r\nvalue\r\nget key%d\r\n" % (number, number))
    for connection in connections:
        said = b""
        while not said.endswith(b"END\r\n"):
            said += connection.recv(4096)
        answers[said.split(b"\r\n")[2]] += 1
        connection.close()
print(dict(answers))
open("figure", "w").write("%.0f /s\n" % (50000 / (time.monotonic() - start)))
PYTHON
/usr/bin/python3 talk.py
kill -TERM "$(cat pid)"
status=0
wait $server || status=$?
echo "memcached ended with $status"
