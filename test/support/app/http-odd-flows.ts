/** Dialogues in HTTP/1.x that the native reader leaves to the parser. */
import { type HttpFlow, head, ok } from './http-parts.ts';

/** A request whose body fills the head, so that no more requests are read. */
const filled = `${head('POST /a HTTP/1.1', 'Host: a.example', 'User-Agent: okhttp/4.12.0', 'Content-Length: 90000')}${'body '.repeat(9)}`;
const asked = head('GET /a HTTP/1.1', 'Host: a.example', 'User-Agent: okhttp/4.12.0');
const answered = ok('hello', 'Content-Type: text/plain');

export const ODD_HTTP: readonly HttpFlow[] = [
  {
    name: 'an upgrade that is not taken',
    sent: [
      [0, asked.replace('Host', 'Upgrade: h2c\r\nHost')],
      [1, answered],
    ],
  },
  {
    name: 'a chunk of nine digits',
    sent: [
      [0, asked],
      [1, `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}123456789\r\n#!/bin/sh`],
    ],
  },
  {
    name: 'the beginning of a short line',
    sent: [
      [0, `GET /${'a'.repeat(40)}`],
      [0, asked.slice(5)],
      [1, answered],
    ],
  },
  { name: 'the beginning of a line without a known method', sent: [[0, `FOO /${'a'.repeat(80)}`]] },
  { name: 'the beginning of a line of another protocol', sent: [[0, `GET /${'a'.repeat(45)} RTSP/1.0 and more`]] },
  { name: 'the beginning of a line of no known scheme', sent: [[0, `GET http://${'-'.repeat(80)}`]] },
  { name: 'the beginning of a line with a tab', sent: [[0, `GET /${'a'.repeat(40)}\t${'a'.repeat(40)}`]] },
  {
    name: 'a chunk that is longer than it says',
    sent: [
      [0, asked],
      [1, `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}5\r\nhello!\r\n0\r\n\r\n`],
    ],
  },
  {
    name: 'CONNECT',
    sent: [
      [0, head('CONNECT a.example:443 HTTP/1.1', 'Host: a.example:443')],
      [1, head('HTTP/1.1 200 Connection established')],
    ],
  },
  {
    name: 'a web socket',
    sent: [
      [
        0,
        head(
          'GET /ws HTTP/1.1',
          'Host: a.example',
          'Upgrade: websocket',
          'Connection: Upgrade',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        ),
      ],
      [1, head('HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade')],
    ],
  },
  {
    name: 'HTTP/0.9',
    sent: [
      [0, 'GET /a\r\n'],
      [1, '<html>'],
    ],
  },
  {
    name: 'another port',
    port: 81,
    sent: [
      [0, asked],
      [1, answered],
    ],
  },
  {
    name: 'the server first',
    sent: [
      [1, answered],
      [0, asked],
    ],
  },
  {
    name: 'a response that nobody asked for',
    sent: [
      [0, asked],
      [1, answered + answered],
    ],
  },
  {
    name: 'a tunnel that nobody asked for',
    sent: [
      [0, filled],
      [1, answered + head('HTTP/1.1 200 Connection Established')],
    ],
  },
  {
    name: 'a response before its request',
    sent: [
      [0, asked.slice(0, 40)],
      [1, answered],
      [0, asked.slice(40)],
    ],
  },
  {
    name: 'a first segment that shows little',
    sent: [
      [0, 'GET /'],
      [0, asked.slice(5)],
      [1, answered],
    ],
  },
  {
    name: 'a name that is no text',
    sent: [
      [0, asked.replace('a.example', '\xe4.example')],
      [1, answered],
    ],
  },
  {
    name: 'a URL that is no text',
    sent: [
      [0, asked.replace('/a', '/\xc3\xa4')],
      [1, answered],
    ],
  },
  {
    name: 'an attack',
    sent: [
      [0, asked.replace('/a', '/?q=%3Cscript%3Ealert(1)')],
      [1, answered],
    ],
  },
  {
    name: 'a field of malware',
    sent: [
      [0, asked.replace('Host:', 'OsVersion: 7\r\nHost:')],
      [1, answered],
    ],
  },
  {
    name: 'a start line that is none',
    sent: [
      [0, asked],
      [1, answered],
      [0, 'garbage, and no request\r\n\r\n'],
    ],
  },
  {
    name: 'a chunk that is none',
    sent: [
      [0, asked],
      [1, `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked')}xyz\r\n`],
    ],
  },
  {
    name: 'an IPv6 address',
    sent: [
      [0, asked.replace('a.example', '[2001:db8::1]')],
      [1, answered],
    ],
  },
  {
    name: 'a second host that is no text',
    sent: [
      [0, asked.replace('Host:', 'Host: b\r\nHost: \xe4\r\nHost:')],
      [1, answered],
    ],
  },
  {
    name: 'a folded coding',
    sent: [
      [0, asked],
      [1, `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked')}0\r\n\r\n`],
    ],
  },
];
