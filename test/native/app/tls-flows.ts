/** Connections of TLS over TCP as real clients and servers have them: who sends what, message by message. */
import { CLIENT, SERVER, type Side } from '../../../src/app/dissector.ts';
import { fromHex } from '../../support/app/drive.ts';
import {
  alertRecord,
  alpnExtension,
  applicationData,
  CA,
  certificate,
  certificateMessage,
  changeCipherSpec,
  clientHelloBody,
  extension,
  finished,
  handshake,
  join,
  keyExchange,
  LEAF,
  noise,
  RETRY_RANDOM,
  record,
  SESSION_ID,
  type ServerHelloParts,
  serverHelloBody,
  sniExtension,
  tls12 as tls12Texts,
  u16,
  vector,
  versionsExtension,
} from '../../support/app/tls.ts';
import {
  chromeHello,
  curlHello,
  empty,
  firefoxHello,
  goHello,
  nothing,
  oldHello,
  plainHello,
  pointFormats,
  preSharedKey,
  renegotiation,
  ticket,
} from './tls-hellos.ts';

/** Who sends what. */
export type Sent = readonly [Side, Uint8Array];

export interface NamedFlow {
  name: string;
  sent: readonly Sent[];
  /** Of the server port; 443 where it is not given. */
  port?: number;
}

export const hello = (body: Uint8Array): Sent => [CLIENT, record(22, handshake(1, body), 0x0301)];
export const serverHello = (parts: ServerHelloParts) => record(22, handshake(2, serverHelloBody(parts)));
export const chosen13 = (group = 29, cipher = 0x1301, more: readonly Uint8Array[] = []): ServerHelloParts => ({
  sessionId: SESSION_ID,
  cipher,
  extensions: [extension(51, u16(group), vector(2, noise(32))), extension(43, u16(0x0304)), ...more],
});

export const tls12 = (chain: readonly Uint8Array[]): Sent[] => tls12Texts(chain).map(([side, bytes]) => [side, bytes as Uint8Array]);

/** TLS 1.3: what the server sends is under a cipher from its ChangeCipherSpec on. */
export function tls13(first: Uint8Array, parts = chosen13(), flight: readonly number[] = [36, 2800, 281, 69]): Sent[] {
  return [
    hello(first),
    [SERVER, join(serverHello(parts), changeCipherSpec(), ...flight.map((length) => applicationData(length)))],
    [CLIENT, join(changeCipherSpec(), applicationData(69))],
    [CLIENT, applicationData(400)],
    [SERVER, applicationData(900)],
  ];
}

interface Tls12Parts {
  hello?: Uint8Array;
  server?: ServerHelloParts;
  chain?: readonly Uint8Array[];
  group?: number | null;
  ticket?: boolean;
  version?: number;
}

/** A full handshake of TLS 1.2 or older, a record per message. */
export function full12(parts: Tls12Parts = {}): Sent[] {
  const { hello: first = plainHello(), server = {}, chain = [LEAF, CA], group = 29, ticket: hasTicket = true, version = 0x0303 } = parts;
  return [
    hello(first),
    [
      SERVER,
      join(
        record(
          22,
          handshake(2, serverHelloBody({ extensions: [renegotiation, empty(35), alpnExtension('http/1.1')], ...server })),
          version,
        ),
        record(22, certificateMessage(...chain), version),
        group === null ? [] : record(22, keyExchange(group), version),
        record(22, handshake(14, nothing), version),
      ),
    ],
    [CLIENT, join(record(22, handshake(16, vector(1, noise(65))), version), changeCipherSpec(version), finished(version))],
    [SERVER, join(hasTicket ? record(22, ticket, version) : [], changeCipherSpec(version), finished(version))],
    [CLIENT, applicationData(120, version)],
    [SERVER, applicationData(800, version)],
  ];
}

const resumed12: Sent[] = [
  hello(
    clientHelloBody({ sessionId: SESSION_ID, ciphers: [0xc02f], extensions: [sniExtension('example.org'), extension(35, noise(192))] }),
  ),
  [SERVER, join(serverHello({ sessionId: SESSION_ID, extensions: [renegotiation] }), changeCipherSpec(), finished())],
  [CLIENT, join(changeCipherSpec(), finished())],
  [CLIENT, applicationData(200)],
];
/** The server takes the ticket up without repeating an id: only its early ChangeCipherSpec says so. */
const resumedByTicket: Sent[] = [resumed12[0], [SERVER, join(serverHello({}), changeCipherSpec(), finished())], resumed12[2]];

const retried: Sent[] = [
  hello(curlHello),
  [
    SERVER,
    join(
      serverHello({
        random: RETRY_RANDOM,
        sessionId: SESSION_ID,
        cipher: 0x1302,
        extensions: [extension(43, u16(0x0304)), extension(51, u16(24))],
      }),
      changeCipherSpec(),
    ),
  ],
  [CLIENT, join(changeCipherSpec(), record(22, handshake(1, curlHello)))],
  [SERVER, join(serverHello(chosen13(24, 0x1302)), applicationData(36), applicationData(1200))],
  [CLIENT, applicationData(74)],
];

const early: Sent[] = [
  hello(chromeHello('early.example.org', 3, [extension(42), preSharedKey])),
  [CLIENT, join(changeCipherSpec(), applicationData(300))],
  [SERVER, join(serverHello(chosen13(29, 0x1301, [extension(41, [0, 0])])), changeCipherSpec(), applicationData(90))],
  [CLIENT, applicationData(20)],
  [CLIENT, applicationData(69)],
];

const year = (from: string, to: string, more: object = {}) =>
  certificate({ notBefore: from, notAfter: to, dnsNames: ['example.org'], ...more });
export const VALID = year('250901000000Z', '260801000000Z', {
  subject: [['CN', '*.example.org']],
  dnsNames: ['*.example.org', 'example.net'],
});
const CHAINS: readonly (readonly [string, readonly Uint8Array[], string])[] = [
  ['a valid certificate', [VALID, CA], 'www.example.org'],
  ['a certificate for others', [VALID, CA], 'example.org'],
  ['a certificate for others, of one label', [VALID], 'localhost'],
  ['a certificate about to expire', [year('250101000000Z', '251020000000Z')], 'example.org.'],
  ['a certificate of the future', [year('260101000000Z', '261001000000Z')], 'EXAMPLE.org'],
  ['a certificate for too long', [year('250101000000Z', '281001000000Z')], 'example.org'],
  [
    'a self-signed certificate',
    [certificate({ subject: [['CN', 'router "x"']], issuer: [['CN', 'router "x"']], notAfter: '331231235959Z' })],
    '192.168.1.1',
  ],
  ['a certificate without times', [year('2509010000', '26080100')], 'example.org'],
  [
    'a certificate of letters beyond ASCII',
    [
      certificate({
        subject: [
          ['CN', 'Bücher'],
          ['O', 'Ünïcode'],
        ],
      }),
    ],
    'xn--bcher-kva.example',
  ],
  ['five certificates', [LEAF, CA, VALID, CA, LEAF], 'example.org'],
  ['no certificate at all', [], 'example.org'],
];

const ALPN: readonly (readonly string[])[] = [['imap'], ['h2-14', 'spdy/3.1'], ['x-quite-odd"\\'], ['', 'h2'], []];
const NAMES = [
  '10.0.0.1',
  '10.0.0.1.',
  '1.2.3.4.5',
  '2001:db8::1',
  '[::1]',
  'a b.example',
  'dot..',
  '',
  'x'.repeat(254),
  'Under_Score.Example.',
];

/** RFC 8448 section 3. */
const RFC_8448: readonly Sent[] = [
  [
    CLIENT,
    fromHex(`
  16030100c4010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113031302010000910000000b00090000
  06736572766572ff01000100000a00140012001d0017001800190100010101020103010400230000003300260024001d002099381de560e4bd43d23d8e435a7d
  bafeb3c06e51c13cae4d5413691e529aaf2c002b0003020304000d0020001e040305030603020308040805080604010501060102010402050206020202002d00
  020101001c00024001`),
  ],
  [
    SERVER,
    join(
      fromHex(`
  160303005a020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e2692800130100002e00330024001d0020c9828876112095
  fe66762bdbf7c672e156d6cc253b833dd1dd69b1b04e751f0f002b00020304`),
      applicationData(673),
    ),
  ],
  [CLIENT, applicationData(53)],
];

const refusals: NamedFlow[] = [
  { name: 'a server that refuses', sent: [hello(plainHello()), [SERVER, alertRecord(2, 40)]] },
  {
    name: 'a server that does not know the name',
    sent: [hello(plainHello()), [SERVER, join(alertRecord(1, 112), full12()[1][1])], ...full12().slice(2)],
  },
  { name: 'a client that does not trust', sent: [...full12().slice(0, 2), [CLIENT, alertRecord(2, 48)]] },
  {
    name: 'a client of TLS 1.3 that does not trust',
    sent: [...tls13(curlHello).slice(0, 2), [CLIENT, join(changeCipherSpec(), applicationData(19))]],
  },
  { name: 'an alert of no known number', sent: [hello(plainHello()), [SERVER, alertRecord(2, 99)], [SERVER, alertRecord(3, 40)]] },
  { name: 'an old client that is refused', sent: [hello(oldHello()), [SERVER, alertRecord(2, 70, 0x0301)]] },
  { name: 'no answer', sent: [hello(chromeHello('silent.example.org', 5))] },
  { name: 'an old client without an answer', sent: [hello(oldHello({ version: 0x0300 }))] },
];

export const FLOWS: readonly NamedFlow[] = [
  { name: 'RFC 8448', sent: RFC_8448 },
  ...[0, 1, 7, 15].map((turn) => ({ name: `Chrome ${turn}`, sent: tls13(chromeHello('www.example.org', turn), chosen13(0x11ec, 0x1301)) })),
  { name: 'Firefox', sent: tls13(firefoxHello, chosen13(29, 0x1303), [3000]) },
  { name: 'curl', sent: tls13(curlHello, chosen13(29, 0x1302)) },
  {
    name: 'curl that takes a session up',
    sent: tls13(chromeHello('a.example', 2, [preSharedKey]), chosen13(29, 0x1301, [extension(41, [0, 0])]), [120]),
  },
  { name: 'early data', sent: early },
  { name: 'a retry', sent: retried },
  { name: 'Go without a name', sent: tls13(goHello(null, ['h2', 'http/1.1'])), port: 8443 },
  { name: 'Go without a protocol', sent: tls13(goHello('mqtt.example.org', [])), port: 8883 },
  ...ALPN.map((names) => ({ name: `application protocols ${names.join()}`, sent: tls13(goHello('alpn.example.org', names)), port: 993 })),
  ...NAMES.map((name) => ({ name: `server name '${name.slice(0, 20)}'`, sent: full12({ hello: plainHello(name) }) })),
  { name: 'TLS 1.2', sent: tls12([LEAF, CA]) },
  { name: 'TLS 1.2, a record per message', sent: full12() },
  { name: 'TLS 1.2 without a ticket', sent: full12({ ticket: false, group: 23 }), port: 636 },
  { name: 'TLS 1.2 with RSA', sent: full12({ group: null, server: { cipher: 0x2f } }) },
  { name: 'TLS 1.2 with a cipher of no name', sent: full12({ server: { cipher: 0x7777 } }) },
  { name: 'TLS 1.2 with a group of no name', sent: full12({ group: 0x7777 }) },
  {
    name: 'TLS 1.2 of a client that offers 1.3',
    sent: full12({ hello: chromeHello('old.example.org'), server: { extensions: [pointFormats] } }),
  },
  {
    name: 'TLS 1.1',
    sent: full12({
      hello: oldHello({ version: 0x0302, extensions: [sniExtension('old.example.org')] }),
      server: { version: 0x0302, cipher: 0xc013 },
      version: 0x0302,
    }),
  },
  {
    name: 'TLS 1.0',
    sent: full12({
      hello: oldHello(),
      server: { version: 0x0301, cipher: 0x0a, extensions: null },
      group: null,
      ticket: false,
      version: 0x0301,
    }),
    port: 465,
  },
  {
    name: 'SSL 3.0',
    sent: full12({
      hello: oldHello({ version: 0x0300 }),
      server: { version: 0x0300, cipher: 4, extensions: null },
      group: null,
      version: 0x0300,
    }),
  },
  { name: 'a session that is taken up', sent: resumed12 },
  { name: 'a session that a ticket takes up', sent: resumedByTicket },
  ...CHAINS.map(([name, chain, sni]) => ({ name, sent: full12({ hello: plainHello(sni), chain }) })),
  {
    name: 'encrypted server name',
    sent: tls13(
      clientHelloBody({
        ciphers: [0x1301],
        extensions: [sniExtension('a.example'), extension(0xffce, noise(90)), versionsExtension(0x7f1c, 0x0304)],
      }),
      { ...chosen13(), cipher: 0x1301, sessionId: nothing },
    ),
  },
  {
    name: 'a draft of encrypted_client_hello',
    sent: tls13(clientHelloBody({ ciphers: [0x1301], extensions: [extension(0xfe09, noise(9)), versionsExtension(0x0304)] }), {
      ...chosen13(),
      sessionId: nothing,
    }),
  },
  {
    name: 'a hello of odd numbers',
    sent: tls13(
      clientHelloBody({
        version: 0x0305,
        ciphers: [0x1301, 0x3a3a, 0xfefe, 0x0001],
        extensions: [
          versionsExtension(0xfb17, 0x3a3a, 0x0305, 0xfefd),
          extension(11, vector(1, noise(30))),
          alpnExtension(new Uint8Array([0x3a, 0x3a]), '~!'),
        ],
      }),
      { ...chosen13(), sessionId: nothing },
    ),
  },
  {
    name: 'a hello over three records',
    sent: [
      [
        CLIENT,
        join(
          ...[0, 400, 800].map((at) =>
            record(22, handshake(1, chromeHello('cut.example.org', 4)).subarray(at, at === 800 ? undefined : at + 400), 0x0301),
          ),
        ),
      ],
      ...tls13(curlHello).slice(1),
    ],
  },
  {
    name: 'a certificate over records',
    sent: [
      hello(plainHello()),
      [
        SERVER,
        join(
          ...[0, 100, 400].map((at) =>
            record(
              22,
              join(handshake(2, serverHelloBody()), certificateMessage(LEAF, CA), keyExchange(24), handshake(14, nothing)).subarray(
                at,
                at === 0 ? 100 : at === 100 ? 400 : undefined,
              ),
            ),
          ),
        ),
      ],
      ...full12().slice(2),
    ],
  },
  {
    name: 'a client certificate',
    sent: [
      ...full12().slice(0, 2),
      [
        CLIENT,
        join(
          record(22, join(certificateMessage(CA), handshake(16, vector(1, noise(65))), handshake(15, noise(70)))),
          changeCipherSpec(),
          finished(),
        ),
      ],
      ...full12().slice(3),
    ],
  },
  { name: 'heartbeats', sent: [...full12().slice(0, 2), [CLIENT, record(24, noise(19))], ...full12().slice(2)] },
  ...refusals,
];
