/** Dialogues in HTTP/1.x as real programs hold them. */
import { ACCEPT, browse, chunks, DATE, FIREFOX, GZIP, HTML, type HttpFlow, head, many, NGINX, ok } from './http-parts.ts';

export const PLAIN_HTTP: readonly HttpFlow[] = [
  {
    name: 'a browser and its page, image, and script',
    sent: [
      [0, browse('/', 'Accept-Encoding: gzip, deflate', 'Accept-Language: en-US,en;q=0.9', 'Cookie: _ga=GA1.1.1; sid=0123456789abcdef')],
      [1, ok(GZIP, 'Content-Type: text/html; charset=utf-8', 'Content-Encoding: gzip', 'Vary: Accept-Encoding', 'ETag: "66f-5e"')],
      [0, browse('/logo.png?v=3', 'Referer: http://www.example.org/')],
      [1, ok(`\x89PNG\r\n\x1a\n${'\x00\x01\x02'.repeat(300)}`, 'Content-Type: image/png', 'Accept-Ranges: bytes')],
      [0, browse('/app.js', 'Referer: http://www.example.org/', 'If-None-Match: "5e-1"')],
      [1, head('HTTP/1.1 304 Not Modified', NGINX, DATE, 'ETag: "5e-1"')],
    ],
  },
  {
    name: 'curl',
    sent: [
      [0, head('GET / HTTP/1.1', 'Host: example.com', 'User-Agent: curl/8.5.0', 'Accept: */*')],
      [1, ok(HTML, 'Content-Type: text/html', 'X-Cache: HIT', 'Via: 1.1 varnish', 'Age: 17')],
    ],
  },
  {
    name: 'wget and a body until close',
    sent: [
      [
        0,
        head(
          'GET /file.txt HTTP/1.1',
          'User-Agent: Wget/1.21.4',
          'Accept: */*',
          'Accept-Encoding: identity',
          'Host: example.com:80',
          'Connection: Keep-Alive',
        ),
      ],
      [1, head('HTTP/1.0 200 OK', 'Server: SimpleHTTP/0.6 Python/3.12.3', DATE, 'Content-type: text/plain')],
      [1, 'a text of more than sixteen bytes, and then some more of it'],
      [1, 'x'.repeat(3000)],
    ],
  },
  {
    name: 'wget and a short body until close',
    sent: [
      [0, head('GET /ip HTTP/1.0', 'User-Agent: Wget/1.21.4', 'Host: ifconfig.example')],
      [1, `${head('HTTP/1.0 200 OK', 'Content-Type: text/plain')}192.0.2.1\n`],
    ],
  },
  {
    name: 'apt: pipelined requests, packages of opaque content',
    sent: [
      [
        0,
        ['InRelease', 'main/binary-amd64/Packages.xz', 'main/i18n/Translation-en.xz']
          .map((file) =>
            head(
              `GET /ubuntu/dists/noble/${file} HTTP/1.1`,
              'Host: archive.ubuntu.com',
              'User-Agent: Debian APT-HTTP/1.3 (2.7.14build2) non-interactive',
            ),
          )
          .join(''),
      ],
      [1, ok('-----BEGIN PGP SIGNED MESSAGE-----\n'.repeat(9), 'Server: Apache/2.4.52 (Ubuntu)', 'Accept-Ranges: bytes')],
      [1, ok(`\xfd7zXZ\x00${'\x99\x03\x00'.repeat(500)}`, 'Content-Type: application/x-xz', 'Server: Apache/2.4.52 (Ubuntu)')],
      [1, ok(`\xfd7zXZ\x00${'\x99\x03\x00'.repeat(50)}`, 'Content-Type: application/octet-stream')],
    ],
  },
  {
    name: 'a large download',
    sent: [
      [
        0,
        head(
          'GET /ubuntu/pool/main/l/linux/linux-image_6.8.deb HTTP/1.1',
          'Host: archive.ubuntu.com',
          'User-Agent: Debian APT-HTTP/1.3 (2.7.14)',
          'Range: bytes=0-',
        ),
      ],
      [
        1,
        head(
          'HTTP/1.1 206 Partial Content',
          NGINX,
          'Content-Type: application/vnd.debian.binary-package',
          'Content-Range: bytes 0-39999/40000',
          'Content-Length: 40000',
        ),
      ],
      [1, `!<arch>\ndebian-binary${'\x00\xff'.repeat(15_000)}`],
    ],
  },
  {
    name: 'a form, redirected',
    sent: [
      [
        0,
        `${head('POST /login HTTP/1.1', 'Host: shop.example', FIREFOX, ACCEPT, 'Content-Type: application/x-www-form-urlencoded', 'Content-Length: 28', 'Origin: http://shop.example', 'Referer: http://shop.example/login?next=%2Fcart')}user=me&password=correct+hor`,
      ],
      [
        1,
        head(
          'HTTP/1.1 302 Found',
          'Server: Apache',
          DATE,
          'Location: /cart',
          'Set-Cookie: a=b; Path=/',
          'Set-Cookie: c=d',
          'Content-Length: 0',
          'Content-Type: text/html; charset=UTF-8',
        ),
      ],
      [0, head('GET /cart HTTP/1.1', 'Host: shop.example', FIREFOX, ACCEPT)],
      [
        1,
        head('HTTP/1.1 200 OK', 'Server: Apache', 'Transfer-Encoding: chunked', 'Content-Type: text/html') +
          chunks(HTML, 'more', 'x'.repeat(700)),
      ],
    ],
  },
  {
    name: 'python-requests and JSON, with 100 Continue before',
    port: 8000,
    sent: [
      [
        0,
        head(
          'POST /api/v1/items HTTP/1.1',
          'Host: api.example:8000',
          'User-Agent: python-requests/2.32.3',
          'Accept-Encoding: gzip, deflate',
          'Accept: */*',
          'Expect: 100-continue',
          'Content-Type: application/json',
          'Content-Length: 18',
        ),
      ],
      [1, head('HTTP/1.1 100 Continue')],
      [0, '{"name": "a thing}'],
      [
        1,
        `${head('HTTP/1.1 201 Created', 'date: Thu, 09 Oct 2025 08:53:20 GMT', 'server: uvicorn', 'content-length: 8', 'content-type: application/json')}{"id":7}`,
      ],
    ],
  },
  {
    name: 'HEAD, 204, OPTIONS *, DELETE',
    sent: [
      [0, head('HEAD /big.iso HTTP/1.1', 'Host: mirror.example', 'User-Agent: curl/7.88.1', 'Accept: */*')],
      [1, head('HTTP/1.1 200 OK', NGINX, 'Content-Length: 734003200', 'Content-Type: application/octet-stream')],
      [0, head('GET /generate_204 HTTP/1.1', 'Host: connectivitycheck.gstatic.com', FIREFOX)],
      [1, head('HTTP/1.1 204 No Content', 'Content-Length: 0', DATE)],
      [0, head('OPTIONS * HTTP/1.1', 'Host: mirror.example', FIREFOX)],
      [1, head('HTTP/1.1 200', 'Allow: GET,HEAD,OPTIONS', 'Content-Length: 0')],
      [0, head('DELETE /x HTTP/1.1', 'Host: mirror.example', FIREFOX)],
      [1, ok('{"error":"no"}', 'Content-Type: application/problem+json').replace('200 OK', '403 Forbidden')],
    ],
  },
  {
    name: 'a page in chunks that is longer than a head',
    sent: [
      [0, browse('/long')],
      [
        1,
        head('HTTP/1.1 200 OK', NGINX, 'Transfer-Encoding: chunked', 'Content-Type: text/html') +
          chunks(...Array.from({ length: 6 }, () => HTML.repeat(46))),
      ],
      [0, browse('/again')],
      [1, ok(HTML, 'Content-Type: text/html')],
    ],
  },
  {
    name: 'an upload, not answered for long',
    sent: [
      [
        0,
        `${head('PUT /upload HTTP/1.1', 'Host: dav.example', 'User-Agent: davfs2/1.6.1 neon/0.32.5', 'Content-Type: text/plain', 'Content-Length: 50000')}${'upload '.repeat(200)}`,
      ],
      [0, 'upload '.repeat(3000)],
      [1, ok('', 'Content-Type: text/plain').replace('200 OK', '201 Created')],
    ],
  },
  {
    name: 'an upload and an answer that both fill their heads',
    sent: [
      [0, `${head('POST /echo HTTP/1.1', 'Host: dav.example', 'User-Agent: curl/8.5.0', 'Content-Length: 500000')}${'upload '.repeat(20)}`],
      [1, `${head('HTTP/1.1 200 OK', 'Content-Length: 500000')}${'upload '.repeat(20)}`],
      [0, 'more'],
    ],
  },
  {
    name: 'keep-alive until the head of the client is full',
    sent: many(60, (i) => [
      [0, browse(`/poll?i=${i}`, 'Cookie: a=01234567')],
      [1, head('HTTP/1.1 204 No Content', DATE)],
    ]),
  },
  {
    name: 'keep-alive until the head of the server is full',
    sent: many(30, (i) => [
      [0, head(`GET /tile/${i}.png HTTP/1.1`, 'Host: t', FIREFOX)],
      [1, ok('\x89PNG'.repeat(140), 'Content-Type: image/png')],
    ]),
  },
  {
    name: 'a proxy',
    port: 3128,
    sent: [
      [
        0,
        head(
          'GET http://www.example.org:8081/a/b?c=d HTTP/1.1',
          'Host: www.example.org:8081',
          'User-Agent: curl/8.5.0',
          'Proxy-Connection: Keep-Alive',
        ),
      ],
      [
        1,
        head(
          'HTTP/1.1 503 Service Unavailable',
          'Server: squid/5.7',
          'Mime-Version: 1.0',
          'Content-Type: text/html;charset=utf-8',
          'Content-Length: 17',
          'X-Squid-Error: ERR_CONNECT_FAIL 111',
        ) + HTML.slice(0, 17),
      ],
    ],
  },
  {
    name: 'a device with a bare address, credentials, an old server',
    port: 8080,
    sent: [
      [
        0,
        head(
          'GET /cgi-bin/status.cgi?u=a%20b&t=(1) HTTP/1.0',
          'Host: 192.0.2.7:8080',
          'Authorization: Basic dXNlcjpwYXNz',
          'User-Agent: Go-http-client/1.1',
        ),
      ],
      [1, ok('ok\n', 'Content-Type: text/plain', 'Server: Apache/2.2.15 (CentOS)').replace(`${NGINX}\r\n`, '')],
    ],
  },
  {
    name: 'a crawler at an internationalized name, not found',
    sent: [
      [
        0,
        head(
          'GET /robots.txt HTTP/1.1',
          'Host: xn--bcher-kva.example',
          'Connection: keep-alive',
          'User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
        ),
      ],
      [1, ok('not found', 'Content-Type: text/plain').replace('200 OK', '404 Not Found')],
    ],
  },
  {
    name: 'Windows Update, and a program from elsewhere',
    sent: [
      [
        0,
        head(
          'GET /d/msdownload/update/a.cab HTTP/1.1',
          'Connection: Keep-Alive',
          'Accept: */*',
          'User-Agent: Microsoft-Delivery-Optimization/10.1',
          'Host: au.download.windowsupdate.com',
        ),
      ],
      [1, ok('MSCF\x00\x00\x00\x00', 'Content-Type: application/vnd.ms-cab-compressed')],
      [0, head('GET /setup.exe HTTP/1.1', 'Host: tools.example', 'User-Agent: Java/17.0.2')],
      [
        1,
        ok(
          `MZ\x90\x00\x03${'\x00'.repeat(40)}`,
          'Content-Type: application/octet-stream',
          'Content-Disposition: attachment; filename="setup.exe"',
        ),
      ],
      [0, head('GET /run HTTP/1.1', 'Host: tools.example', 'User-Agent: ab')],
      [1, ok(`\x00\x01\x02\x03${'\x00'.repeat(40)}`, 'Content-Type: application/json')],
    ],
  },
  {
    name: 'no agent, no host, lines that end in LF',
    sent: [
      [0, 'GET /.env HTTP/1.0\nAccept: */*\n\n'],
      [1, 'HTTP/1.0 404 Not Found\nServer: micro_httpd\nContent-Type: text/html\n\n<html>not here</html>'],
    ],
  },
  {
    name: 'a long URL and a quoted agent',
    sent: [
      [
        0,
        head(
          `GET /pixel?${'data=0123456789abcdef%7C&'.repeat(60)} HTTP/1.1`,
          'Host: ads.example',
          'User-Agent: a "quoted\\" agent',
          `Referer: http://a.example/${'r'.repeat(1100)}`,
        ),
      ],
      [1, ok(`GIF89a${'\x01\x00'.repeat(19)}`, 'Content-Type: image/gif', 'Content-Length : 43'.replace(' :', '-X:'))],
    ],
  },
  {
    name: 'chunks with extensions, spaces and a trailer, an empty one',
    sent: [
      [0, head('GET /stream HTTP/1.1', 'Host: a.example', 'User-Agent: okhttp/4.12.0')],
      [
        1,
        `${head('HTTP/1.1 200 OK', 'transfer-encoding:  Chunked ', 'Content-Type: application/json')}5;x=y\r\n{"a":\r\nC  \r\n"0123456789"\r\n0\r\nX-Sum: 1\r\n\r\n`,
      ],
      [0, head('GET /stream HTTP/1.1', 'Host: a.example', 'User-Agent: okhttp/4.12.0')],
      [1, `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}0\r\n\r\n`],
    ],
  },
  {
    name: 'responses to requests that were not read',
    sent: [
      [0, `${head('POST /a HTTP/1.1', 'Host: a.example', 'User-Agent: Java/11', 'Content-Length: 90000')}${'body '.repeat(9)}`],
      [1, head('HTTP/1.1 204 No Content')],
      [1, ok('#!/bin/sh', 'Content-Type: application/x-executable')],
      [1, ok(HTML)],
    ],
  },
  {
    name: 'cut in the fields of the response',
    sent: [
      [0, head('GET /a HTTP/1.1', 'Host: a.example', 'User-Agent: okhttp/4.12.0')],
      [1, 'HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/ht'],
    ],
  },
  { name: 'cut in the fields of the request', sent: [[0, 'GET /a HTTP/1.1\r\nHost: a.example\r\nUser-Ag']] },
  {
    name: 'cut in a chunk',
    sent: [
      [0, head('GET /a HTTP/1.1', 'Host: a.example', 'User-Agent: okhttp/4.12.0')],
      [1, `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}100\r\nabc`],
    ],
  },
  {
    name: 'cut in a body whose beginning is short',
    sent: [
      [0, head('GET /a HTTP/1.1', 'Host: a.example', 'User-Agent: okhttp/4.12.0')],
      [1, `${head('HTTP/1.1 200 OK', 'Content-Length: 100', 'Content-Type: text/html')}\x00\x01ab`],
    ],
  },
];
