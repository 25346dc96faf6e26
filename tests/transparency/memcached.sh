# NEEDS: memcached /usr/bin/python3
# EXPECT: STAT curr_items 50
set -e
memcached -s ./socket -t 2 $([ "$(id -u)" != 0 ] || echo '-u root') &
cat >talk.py <<'PYTHON'
import socket
connections = []
for i in range(50):
    connection = socket.socket(socket.AF_UNIX)
    while connection.connect_ex("./socket") != 0:
        pass
    file = connection.makefile("rwb")
    file.write(b"set key%d 0 0 5\r\nvalue\r\nget key%d\r\n" % (i, i))
    file.flush()
    answer = [file.readline() for _ in range(4)]
    connections.append((connection, file))
print(answer)
file.write(b"stats\r\n")
file.flush()
for line in file:
    if b"curr_items" in line:
        print(line.decode().strip())
    if line == b"END\r\n":
        break
PYTHON
/usr/bin/python3 talk.py
kill -TERM $!
wait $! || true
echo ended
