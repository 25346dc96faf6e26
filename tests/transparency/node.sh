# NEEDS: node
# EXPECT: answer 200 hello /path
cat >session.js <<'NODE'
const fs = require('fs'), http = require('http'), child = require('child_process'), os = require('os');
fs.writeFileSync('file', 'x'.repeat(100000));
console.log(fs.readFileSync('file').length, fs.readdirSync('.').sort().join());
console.log(child.execSync('echo child').toString());
console.log(child.spawnSync('cat', {input: 'through cat'}).stdout.toString());
const server = http.createServer((request, response) => response.end('hello ' + request.url));
server.listen(0, '127.0.0.1', () => http.get({port: server.address().port, host: '127.0.0.1', path: '/path', agent: false},
  response => response.on('data', data => {
    console.log('answer', response.statusCode, data.toString());
    server.close();
    fs.createReadStream('file').on('close', () => console.log('stream closed')).resume();
  })));
NODE
exec node session.js
