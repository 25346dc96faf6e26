# NEEDS: curl
# EXPECT: got 200000
set -e
head -c 200000 /dev/zero >file
curl -s "file://$PWD/file" | wc -c | sed 's/^/got /'
curl -s "file://$PWD/file" "file://$PWD/file" -o first -o second
cmp first second && echo same
curl -s --max-time 5 http://127.0.0.1:9/ || echo "refused: $?"
curl -s --unix-socket ./nowhere http://localhost/ || echo "no socket: $?"
