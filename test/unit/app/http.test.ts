import { describe, expect, test } from 'vitest';
import { Progress, Verdict } from '../../../src/app/dissector.ts';
import { http } from '../../../src/app/http.ts';
import type { HttpTransaction } from '../../../src/app/transactions.ts';
import { drivenWell, isNamed } from '../../support/app/contract.ts';
import { dialogues } from '../../support/app/dialogues.ts';
import { driveStream, type Sent } from '../../support/app/drive.ts';

const request = (line: string, ...fields: string[]) => `${[line, ...fields].join('\r\n')}\r\n\r\n`;
const of = (sent: readonly Sent[]) => driveStream(http, sent).transactions as HttpTransaction[];

describe('HTTP/1.x', () => {
  test('facts and transaction of one exchange', () => {
    const { facts, transactions, progress } = drivenWell(http, dialogues.http);
    expect(progress).toBe(Progress.DONE);
    expect(facts.http).toEqual({
      version: '1.1',
      method: 'GET',
      host: 'www.example.org',
      url: '/index.html',
      status: 200,
      user_agent: 'Mozilla/5.0 (X11)',
      referer: null,
      server: 'nginx/1.24.0',
      request_content_type: null,
      response_content_type: 'text/html',
      requests: 1,
    });
    expect(facts.host).toBe('www.example.org');
    expect(facts.hostSource).toBe('http_host');
    expect([...facts.risks]).toEqual([]);
    expect(transactions).toEqual([
      {
        log: 'http',
        method: 'GET',
        host: 'www.example.org',
        url: '/index.html',
        version: '1.1',
        user_agent: 'Mozilla/5.0 (X11)',
        referer: null,
        request_content_type: null,
        request_bytes: 0,
        status: 200,
        reason: 'OK',
        server: 'nginx/1.24.0',
        response_content_type: 'text/html',
        response_bytes: 5,
      },
    ]);
  });

  test('pipelined requests, chunked and empty bodies, interim responses', () => {
    const sent: Sent[] = [
      [
        0,
        request('POST /a HTTP/1.1', 'Host: a:8080', 'Content-Length: 9', 'Expect: 100-continue') +
          'GET / ---' +
          request('HEAD /b HTTP/1.1', 'Host: a') +
          request('PUT /c HTTP/1.1', 'Transfer-Encoding: chunked') +
          '4\r\nabcd\r\n0\r\nX: y\r\n\r\n' +
          request('PROPFIND /d HTTP/1.0', 'host: a'),
      ],
      [1, 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3;x=1\r\nabc\r\n0\r\n\r\n'],
      [1, 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nHTTP/1.0 404 Nope\r\n\r\nbody'],
    ];
    const { facts } = drivenWell(http, sent);
    expect(of(sent).map(({ method, url, status, response_bytes }) => [method, url, status, response_bytes])).toEqual([
      ['POST', '/a', 201, null],
      ['HEAD', '/b', 200, 0],
      ['PUT', '/c', 204, 0],
      ['PROPFIND', '/d', 404, null],
    ]);
    expect(facts.http?.requests).toBe(4);
    expect(facts.http?.host).toBe('a:8080');
    expect(facts.host).toBe('a');
    expect(facts.risks.has('error_code_detected')).toBe(true);
  });

  test('lines that end with LF alone, blanks and empty lines before the start line', () => {
    const { facts } = drivenWell(http, [
      [0, '\r\nGET /x  HTTP/1.1\nHost:h\nUser-Agent: \tcurl/8.0 \n\n'],
      [1, 'HTTP/1.1 200 \nServer: s\n\n'],
    ]);
    expect(facts.http).toMatchObject({ url: '/x', host: 'h', user_agent: 'curl/8.0', status: 200, server: 's' });
  });

  test('absolute and asterisk forms stay HTTP', () => {
    const { facts } = drivenWell(http, [[0, request('GET http://u:p@[2001:db8::1]:8080/x HTTP/1.1', 'Host: proxy', 'User-Agent: curl/8')]]);
    expect(facts.http?.host).toBe('[2001:db8::1]:8080');
    expect(facts.host).toBe('2001:db8::1');
    expect(facts.risks.has('numeric_ip_host')).toBe(true);
    drivenWell(http, [[0, request('OPTIONS * HTTP/1.1', 'Host: x')]]);
  });

  test('one side alone: the response, the request that is cut', () => {
    const response = drivenWell(http, [[1, 'HTTP/1.1 404 Not Found\r\nServer: Apache/2.2.3 (CentOS)\r\n\r\n']]);
    expect(response.facts.http).toMatchObject({ method: null, status: 404, requests: 0 });
    expect([...response.facts.risks].sort()).toEqual(['error_code_detected', 'http_obsolete_server']);
    const cut = drivenWell(http, [[0, 'GET /a HTTP/1.1\r\nHost: example.org\r\nUser-Ag']]);
    expect(cut.facts.host).toBe('example.org');
    expect([...cut.facts.risks]).toEqual([]);
  });

  test('a head that never ends is bounded', () => {
    const { facts, progress } = driveStream(http, [[0, `GET /a HTTP/1.1\r\n${'X-Filler: abcdefgh\r\n'.repeat(500_000)}`]]);
    expect(progress).toBe(Progress.DONE);
    expect(facts.http?.url).toBe('/a');
    const long = driveStream(http, [[0, `GET /${'a'.repeat(1_000_000)}`]]);
    expect(long.facts.http?.url?.length).toBe(1024);
  });

  test('CONNECT and Upgrade hand over behind both heads', () => {
    const connect = drivenWell(http, [
      [0, request('CONNECT example.org:443 HTTP/1.1', 'Host: example.org:443')],
      [1, 'HTTP/1.1 200 Connection established\r\n\r\n'],
      [0, '\x16\x03\x01'],
    ]);
    expect(connect.progress).toBe(Progress.HAND_OVER);
    expect(connect.offsets).toEqual([59, 39]);
    expect(connect.facts.host).toBe('example.org');
    const upgrade = drivenWell(http, [
      [0, request('GET /chat HTTP/1.1', 'Host: x', 'Upgrade: WebSocket', 'Connection: Upgrade')],
      [1, request('HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket')],
    ]);
    expect(upgrade.offsets).toEqual([72, 56]);
  });

  test('CONNECT that is refused, or that is not answered in the capture', () => {
    const refused = drivenWell(http, [
      [0, request('CONNECT a:1 HTTP/1.1')],
      [1, 'HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n'],
      [0, request('CONNECT a:1 HTTP/1.1', 'Proxy-Authorization: x')],
      [1, 'HTTP/1.1 200 ok\r\n\r\n'],
    ]);
    expect(refused.progress).toBe(Progress.HAND_OVER);
    const oneSided = drivenWell(http, [[0, `${request('CONNECT a:1 HTTP/1.1')}\x16\x03\x01`]]);
    expect(oneSided.offsets).toEqual([24, 0]);
  });

  test.each([
    'OPTIONS rtsp://example.com/media RTSP/1.0\r\nCSeq: 1\r\n\r\n',
    'OPTIONS sip:bob@example.com SIP/2.0\r\n\r\n',
    'NOTIFY sip:alice@a.example.com SIP/2.0\r\nVia: x\r\n\r\n',
    'SUBSCRIBE sip:a@example.com;transport=tcp;x=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa SIP/2.0\r\n\r\n',
    'GET key\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GETX / HTTP/1.1\r\n\r\n',
    'GET / HTTP/7.1\r\n\r\n',
    'SOURCE /live ICE/1.0\r\n\r\n',
  ])('is not HTTP: %j', (bytes) => {
    expect(isNamed(driveStream(http, [[0, bytes]]))).toBe(false);
  });

  test('the client’s TLS to an HTTP port is not HTTP', () => {
    expect(
      driveStream(http, [
        [0, '\x16\x03\x01\x00\x05hello'],
        [1, 'HTTP/1.1 400 Bad Request\r\n\r\n'],
      ]).verdict,
    ).toBe(Verdict.NO);
  });
});
