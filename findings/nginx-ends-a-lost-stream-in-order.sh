#!/bin/bash
# nginx makes the death of a server look like the orderly end of its stream.
#
# Versions: nginx 1.22.1 of Debian 12 (nginx 1.22.1-9+deb12u11), and Node's HTTP server and client.
# Guess: when the server dies amid a response, a client that comes through nginx gets an incomplete response, as it does
#   without nginx: the last chunk is missing, and HTTP libraries report an error.
# Behaviour: by default nginx asks the server with HTTP/1.0, whose responses end with the connection. So nginx takes the
#   lost connection for the end and sends the client the last chunk: the response is complete, in the midst of an
#   event. It logs nothing. proxy_buffering off changes nothing. With proxy_http_version 1.1 the client gets the error,
#   and nginx logs "upstream prematurely closed connection".
# Why it matters: a client of server-sent events that tells an error from an end (r3labs/sse returns nil at the end and
#   does not come back) takes a crash for the end of the stream, and a download of rows that was cut off for whole.
source "$(dirname "${BASH_SOURCE[0]}")/lib/servers.sh"
(cd "$work" && apt-get -qq download nginx=1.22.1-9+deb12u11 2>/dev/null && dpkg-deb -x nginx_*.deb nginx)
mkdir "$work/run"
servers+=("$work/run")
port=$(free_port)
run_node "$work" "$port" <<'JS'
const http = require('http');
const fs = require('fs');
const [work, port] = process.argv.slice(2);
const sent = 'id: 1\ndata: one\n\nid: 2\ndata: tw';
(async () => {
  const backend = http.createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(sent);
    setTimeout(() => response.socket.destroy(), 200);
  });
  await new Promise((resolve) => backend.listen(0, '127.0.0.1', resolve));
  const to = backend.address().port;
  const paths = ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name === 'body' ? 'client_body' : name}_temp_path ${work}/run/${name};`);
  fs.writeFileSync(`${work}/nginx.conf`, `daemon off; master_process off; pid ${work}/run/pid; events {}
    http { access_log off; ${paths.join(' ')} server { listen 127.0.0.1:${port};
      location /default { proxy_pass http://127.0.0.1:${to}; }
      location /unbuffered { proxy_buffering off; proxy_pass http://127.0.0.1:${to}; }
      location /1.1 { proxy_http_version 1.1; proxy_pass http://127.0.0.1:${to}; } } }`);
  const nginx = require('child_process').spawn(`${work}/nginx/usr/sbin/nginx`, ['-c', `${work}/nginx.conf`, '-e', `${work}/error.log`]);
  const get = (at, path) => new Promise((resolve) => {
    let text = '';
    http.get({ host: '127.0.0.1', port: at, path, agent: false }, (response) => {
      response.on('data', (chunk) => { text += chunk; });
      response.on('end', () => resolve([response.complete ? 'complete' : 'incomplete', text === sent]));
      response.on('error', (e) => resolve([e.code, text === sent]));
    }).on('error', (e) => resolve([`no response: ${e.code}`, false]));
  });
  for (let i = 0; i < 100 && (await get(port, '/none'))[0] !== 'complete'; i++) await new Promise((resolve) => setTimeout(resolve, 50));
  fs.truncateSync(`${work}/error.log`);
  const logged = () => /prematurely closed/.test(fs.readFileSync(`${work}/error.log`, 'utf8'));
  lib.see('without nginx: how it ended, all bytes', await get(to, '/'), ['ECONNRESET', true]);
  lib.see('nginx with its defaults', await get(port, '/default'), ['complete', true]);
  lib.see('nginx with proxy_buffering off', await get(port, '/unbuffered'), ['complete', true]);
  lib.see('nginx has logged it', logged(), false);
  lib.see('nginx with proxy_http_version 1.1', await get(port, '/1.1'), ['ECONNRESET', true]);
  lib.see('nginx has logged it', logged(), true);
  nginx.kill();
  nginx.on('exit', () => lib.end());
})();
JS
