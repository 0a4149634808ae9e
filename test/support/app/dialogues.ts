/** Realistic dialogues of protocols over TCP, as the tests of several parsers want them: each is the decoy of all the others. */
import type { Sent } from './drive.ts';
import { fromHex } from './drive.ts';

const CLIENT = 0;
const SERVER = 1;

/** A client's frame with its mask applied. */
export function maskedFrame(opcode: number, text: string, mask: readonly number[] = [0x37, 0xfa, 0x21, 0x3d]): Uint8Array {
  const payload = Buffer.from(text, 'latin1').map((byte, index) => byte ^ mask[index & 3]);
  return Uint8Array.from([0x80 | opcode, 0x80 | payload.length, ...mask, ...payload]);
}

export function plainFrame(opcode: number, text: string): Uint8Array {
  return Uint8Array.from([0x80 | opcode, text.length, ...Buffer.from(text, 'latin1')]);
}

/** A frame of HTTP/2. */
export function h2Frame(type: number, flags: number, stream: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  return Uint8Array.from([length >> 16, length >> 8, length, type, flags, stream >>> 24, stream >> 16, stream >> 8, stream, ...payload]);
}

export function joined(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))));
}

export const H2_PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export const dialogues = {
  http: [
    [CLIENT, 'GET /index.html HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: Mozilla/5.0 (X11)\r\nAccept: */*\r\n\r\n'],
    [SERVER, 'HTTP/1.1 200 OK\r\nServer: nginx/1.24.0\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello'],
  ],
  // RFC 7541 C.4.1 and C.6.1 as header blocks.
  http2: [
    [
      CLIENT,
      joined(
        H2_PREFACE,
        h2Frame(4, 0, 0, fromHex('0003 00000064')),
        h2Frame(1, 5, 1, fromHex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff')),
      ),
    ],
    [
      SERVER,
      joined(
        h2Frame(4, 0, 0, fromHex('0001 00000100')),
        h2Frame(
          1,
          4,
          1,
          fromHex(
            '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
          ),
        ),
      ),
    ],
  ],
  websocket: [
    [CLIENT, maskedFrame(1, '{"type":"hello","id":7}')],
    [SERVER, plainFrame(1, '{"type":"welcome"}')],
    [CLIENT, maskedFrame(8, '\x03\xe8')],
  ],
  smtp: [
    [SERVER, '220 mail.example.org ESMTP ready\r\n'],
    [CLIENT, 'EHLO client.example.net\r\n'],
    [SERVER, '250-mail.example.org\r\n250-SIZE 1000000\r\n250 STARTTLS\r\n'],
    [CLIENT, 'MAIL FROM:<a@example.net>\r\n'],
    [SERVER, '250 ok\r\n'],
    [CLIENT, 'RCPT TO:<b@example.org>\r\n'],
    [SERVER, '250 ok\r\n'],
    [CLIENT, 'DATA\r\n'],
    [SERVER, '354 go on\r\n'],
    [CLIENT, 'Subject: x\r\n\r\nhello\r\n.\r\n'],
    [SERVER, '250 queued\r\n'],
  ],
  ftp: [
    [SERVER, '220 Welcome\r\n'],
    [CLIENT, 'USER alice\r\n'],
    [SERVER, '331 Password?\r\n'],
    [CLIENT, 'PASS secret\r\n'],
    [SERVER, '230-Hello\r\n230 Logged in\r\n'],
    [CLIENT, 'SYST\r\n'],
    [SERVER, '215 UNIX Type: L8\r\n'],
    [CLIENT, 'PASV\r\n'],
    [SERVER, '227 Entering Passive Mode (192,0,2,7,200,10)\r\n'],
    [CLIENT, 'RETR a.txt\r\n'],
    [SERVER, '150 Opening\r\n226 Done\r\n'],
    [CLIENT, 'EPSV\r\n'],
    [SERVER, '229 Entering Extended Passive Mode (|||6446|)\r\n'],
    [CLIENT, 'EPRT |2|2001:DB8::7|5282|\r\n'],
    [SERVER, '200 ok\r\n'],
  ],
  pop3: [
    [SERVER, '+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n'],
    [CLIENT, 'USER mrose\r\n'],
    [SERVER, '+OK\r\n'],
    [CLIENT, 'PASS secret\r\n'],
    [SERVER, '+OK 2 messages\r\n'],
    [CLIENT, 'LIST\r\n'],
    [SERVER, '+OK\r\n1 120\r\n2 200\r\n.\r\n'],
    [CLIENT, 'QUIT\r\n'],
    [SERVER, '+OK bye\r\n'],
  ],
  imap: [
    [SERVER, '* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n'],
    [CLIENT, 'a001 LOGIN mrc "se cret"\r\n'],
    [SERVER, 'a001 OK LOGIN completed\r\n'],
    [CLIENT, 'a002 SELECT inbox\r\n'],
    [SERVER, '* 18 EXISTS\r\na002 OK done\r\n'],
  ],
  usenet: [
    [SERVER, '200 NNTP Service Ready, posting permitted\r\n'],
    [CLIENT, 'MODE READER\r\n'],
    [SERVER, '200 Posting allowed\r\n'],
    [CLIENT, 'GROUP misc.test\r\n'],
    [SERVER, '211 1234 3000234 3002322 misc.test\r\n'],
  ],
  telnet: [
    [SERVER, fromHex('fffd18 fffd20 fffd23')],
    [CLIENT, fromHex('fffb18 fffc20 fffc23')],
    [SERVER, fromHex('fffa1801fff0')],
    [CLIENT, joined(fromHex('fffa1800'), 'XTERM', fromHex('fff0'))],
    [SERVER, 'login: '],
    [CLIENT, 'bob\r\n'],
    [SERVER, 'Password: '],
  ],
  irc: [
    [CLIENT, 'CAP LS 302\r\nNICK dan\r\nUSER d 0 * :Dan Brown\r\n'],
    [SERVER, ':irc.example.org 001 dan :Welcome\r\n'],
    [CLIENT, 'JOIN #weir,#test\r\n'],
  ],
  xmpp: [
    [
      CLIENT,
      "<?xml version='1.0'?><stream:stream to='im.example.com' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
    ],
    [
      SERVER,
      "<?xml version='1.0'?><stream:stream from='im.example.com' id='t7AMC' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'><stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism></mechanisms></stream:features>",
    ],
    [CLIENT, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGp1bGlldAByMG0zMG15cjBtMzA=</auth>"],
  ],
  whois: [
    [CLIENT, 'example.com\r\n'],
    [SERVER, '   Domain Name: EXAMPLE.COM\r\n   Registry Domain ID: 2336799_DOMAIN_COM-VRSN\r\n'],
  ],
  redis: [
    [CLIENT, '*3\r\n$4\r\nAUTH\r\n$5\r\nadmin\r\n$6\r\nsecret\r\n'],
    [SERVER, '-WRONGPASS invalid username-password pair\r\n'],
    [CLIENT, '*2\r\n$3\r\nGET\r\n$1\r\nk\r\n'],
    [SERVER, '$-1\r\n'],
  ],
  memcachedTcp: [
    [CLIENT, 'set key1 0 900 5\r\nvalue\r\n'],
    [SERVER, 'STORED\r\n'],
    [CLIENT, 'get key1\r\n'],
    [SERVER, 'VALUE key1 0 5\r\nvalue\r\nEND\r\n'],
    [CLIENT, 'version\r\n'],
    [SERVER, 'VERSION 1.6.21\r\n'],
  ],
  nats: [
    [SERVER, 'INFO {"server_id":"ND5","server_name":"n1","version":"2.10.4","auth_required":true,"max_payload":1048576} \r\n'],
    [CLIENT, 'CONNECT {"verbose":false,"user":"bob","pass":"secret","lang":"go","name":"app"}\r\nPING\r\n'],
    [SERVER, 'PONG\r\n'],
    [CLIENT, 'PUB orders.new 5\r\nhello\r\nSUB orders.* 1\r\n'],
  ],
  rsync: [
    [SERVER, '@RSYNCD: 31.0\n'],
    [CLIENT, '@RSYNCD: 31.0\n'],
    [CLIENT, 'backup\n'],
    [SERVER, '@RSYNCD: AUTHREQD abcdefgh\n'],
  ],
  git: [
    [CLIENT, '0040git-upload-pack /schacon/simplegit.git\0host=git.example.org\0'],
    [SERVER, '00877217a7c7e582c46cec22a130adf4b9d7d950fba0 HEAD\0multi_ack thin-pack\n'],
  ],
  haproxy: [[CLIENT, 'PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n']],
  socks: [
    [CLIENT, fromHex('05 01 00')],
    [SERVER, fromHex('05 00')],
    [CLIENT, joined(fromHex('05 01 00 03 0f'), 'www.example.com', fromHex('01bb'))],
    [SERVER, fromHex('05 00 00 01 c0000201 1f90')],
    [CLIENT, fromHex('160301')],
  ],
  elasticsearch: [
    [CLIENT, joined('ES', fromHex('0000002e 0000000000000001 08 005cc663 0000 01 06'), 'x-pack', fromHex('16'), 'internal:tcp/handshake')],
    [SERVER, joined('ES', fromHex('00000013 0000000000000001 09 005cc663 0000 cbf6ae03'))],
  ],
  fix: [
    [CLIENT, '8=FIX.4.2\x019=61\x0135=A\x0149=BUYER\x0156=SELLER\x0134=1\x0152=20260101-00:00:00\x0198=0\x01108=30\x0110=100\x01'],
    [SERVER, '8=FIX.4.2\x019=57\x0135=A\x0149=SELLER\x0156=BUYER\x0134=1\x0152=20260101-00:00:00\x01108=30\x0110=100\x01'],
  ],
  syslogTcp: [[CLIENT, '<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - failed for lonvick on /dev/pts/8\n']],
  zabbix: [
    [CLIENT, joined('ZBXD', fromHex('01 29000000 00000000'), '{"request":"active checks","host":"web01"}')],
    [SERVER, joined('ZBXD', fromHex('01 16000000 00000000'), '{"response":"success"}')],
  ],
  ident: [
    [CLIENT, '6193, 23\r\n'],
    [SERVER, '6193, 23 : USERID : UNIX : stjohns\r\n'],
  ],
} as const satisfies Record<string, readonly Sent[]>;

export type DialogueName = keyof typeof dialogues;
