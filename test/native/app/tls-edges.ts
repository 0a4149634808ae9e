/** Connections of TLS that are on one side or the other of every limit of its parsers. */
import { CLIENT, SERVER } from '../../../src/app/dissector.ts';
import { EPOCH_SECS } from '../../support/app/native-readers.ts';
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
  serverHelloBody,
  sniExtension,
  u16,
  vector,
  versionsExtension,
} from '../../support/app/tls.ts';
import { chosen13, full12, hello, type NamedFlow, type Sent, serverHello, tls13 } from './tls-flows.ts';
import { chromeHello, curlHello, plainHello } from './tls-hellos.ts';

const DAY = 86_400;
/** When the second message of a flow comes, which brings the certificate. */
const NOW = EPOCH_SECS + 1;
/** `251009085321Z` */
const utc = (seconds: number) => `${new Date(seconds * 1000).toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`;
const valid = (from: number, to: number) => certificate({ notBefore: utc(from), notAfter: utc(to), dnsNames: ['www.example.org'] });

const times: NamedFlow[] = [-1, 0, 1].flatMap((more) =>
  [
    ['that begins', valid(NOW + more, NOW + 300 * DAY)],
    ['that ends', valid(NOW - 300 * DAY, NOW + more)],
    ['that ends in 30 days', valid(NOW - 300 * DAY, NOW + 30 * DAY + more)],
    ['of 398 days', valid(NOW - 100 * DAY, NOW + 298 * DAY + more)],
    ['from before there was a limit', valid(1_598_918_400 + more, NOW + 300 * DAY)],
  ].map(([name, leaf]) => ({ name: `a certificate ${name as string}, ${more} s`, sent: full12({ chain: [leaf as Uint8Array] }) })),
);

const names: NamedFlow[] = [
  ...Array.from(' ?"\'<>\\,;'),
  '.',
  '.example.org',
  '...',
  '1.2.3',
  '1234.1.1.1',
  '1.1.1.1234',
  '1.1.1.1..',
  ':',
  '[',
  '[:]',
  '::g',
  'a]:',
].map((name) => ({
  name: `the name '${name}'`,
  sent: full12({
    hello: plainHello(name.length > 1 ? name : `a${name}b`),
    chain: [certificate({ dnsNames: ['*.example.org', '*', '*.org'] })],
  }),
}));

const shortRecords: NamedFlow[] = [39, 40].map((length) => ({
  name: `a last record of ${length} bytes`,
  sent: [...tls13(curlHello).slice(0, 2), [CLIENT, join(changeCipherSpec(), applicationData(length))]],
}));

/** Records whose header alone is there when the flow ends. */
const begun = (...header: number[]) => Uint8Array.from(header);
const headers: NamedFlow[] = [
  ['the longest record', begun(23, 3, 3, 0x48, 0x00)],
  ['the longest alert', begun(21, 3, 3, 1, 64)],
  ['the shortest alert', begun(21, 3, 3, 0, 2)],
  ['a heartbeat', begun(24, 3, 0, 0, 1)],
  ['a record of version 3.4', begun(22, 3, 4, 0, 1)],
  ['the beginning of a ChangeCipherSpec', begun(20, 3, 3, 0, 1)],
  ['the beginning of a header', begun(22, 3, 3, 0)],
  ['a fatal alert that is cut', begun(21, 3, 3, 0, 2, 2)],
].map(([name, bytes]) => ({ name: name as string, sent: [hello(curlHello), [SERVER, bytes as Uint8Array]] }));

/** Not records. */
export const NO_RECORDS: readonly (readonly [string, Uint8Array])[] = [
  ['a record that is too long', begun(23, 3, 3, 0x48, 0x01)],
  ['an alert that is too long', begun(21, 3, 3, 1, 65)],
  ['an alert that is too short', begun(21, 3, 3, 0, 1)],
  ['an empty record', begun(22, 3, 3, 0, 0)],
  ['a record of version 3.5', begun(22, 3, 5, 0, 1)],
  ['a record of version 2', begun(22, 2, 3, 0, 1)],
  ['a record of type 19', begun(19, 3, 3, 0, 1)],
  ['a record of type 25', begun(25, 3, 3, 0, 1)],
  ['a ChangeCipherSpec of two bytes', begun(20, 3, 3, 0, 2)],
];

const flight = (...messages: Uint8Array[]): Sent => [SERVER, record(22, join(...messages))];
const shown = (body: Uint8Array) => handshake(2, body);
const ends: Sent[] = [
  [CLIENT, join(changeCipherSpec(), finished())],
  [SERVER, join(changeCipherSpec(), finished())],
];
const soon = valid(NOW - 80 * DAY, NOW + 30 * DAY);

const messages: NamedFlow[] = [
  {
    name: 'two ServerHellos',
    sent: [
      hello(plainHello()),
      flight(
        shown(serverHelloBody()),
        shown(serverHelloBody({ cipher: 0x0a, extensions: [alpnExtension('h2')] })),
        handshake(14, noise(0)),
      ),
      ...ends,
    ],
  },
  {
    name: 'three retries',
    sent: [
      hello(curlHello),
      ...[23, 24, 25].map(
        (group): Sent => [
          SERVER,
          serverHello({
            random: RETRY_RANDOM,
            cipher: 0x1300 + group,
            extensions: [alpnExtension(`a${group}`), extension(51, u16(group)), extension(43, u16(0x0304))],
          }),
        ],
      ),
      [SERVER, serverHello(chosen13(29, 0x1301))],
    ],
  },
  {
    name: 'a retry of TLS 1.2',
    sent: [
      hello(plainHello()),
      [SERVER, serverHello({ random: RETRY_RANDOM, cipher: 0x0a, sessionId: SESSION_ID })],
      flight(shown(serverHelloBody({ version: 0x0302 })), handshake(14, noise(0))),
      ...ends,
    ],
  },
  {
    name: 'a chain, then the change of the cipher',
    sent: [hello(plainHello()), flight(shown(serverHelloBody()), certificateMessage(LEAF)), ends[1], ends[0]],
  },
  {
    name: 'an empty chain, then the change of the cipher',
    sent: [hello(plainHello()), flight(shown(serverHelloBody()), certificateMessage()), ends[1], ends[0]],
  },
  {
    name: 'no chain, the end of the hello, then the change of the cipher',
    sent: [hello(plainHello()), flight(shown(serverHelloBody()), handshake(14, noise(0))), ends[1], ends[0]],
  },
  {
    name: 'two chains at two times',
    sent: [
      hello(plainHello()),
      flight(shown(serverHelloBody()), certificateMessage(soon)),
      flight(certificateMessage(LEAF, CA, LEAF, CA)),
      flight(handshake(14, noise(0))),
      ...ends,
    ],
  },
  {
    name: 'a key exchange before the ServerHello',
    sent: [hello(plainHello()), flight(keyExchange(24), shown(serverHelloBody()), handshake(14, noise(0))), ...ends],
  },
  {
    name: 'a key exchange of another form',
    sent: [
      hello(plainHello()),
      flight(shown(serverHelloBody()), handshake(12, join([1], noise(40))), handshake(12, Uint8Array.of(3, 0, 24))),
      ...ends,
    ],
  },
  { name: 'a chain before the ServerHello', sent: [hello(plainHello()), flight(certificateMessage(LEAF)), [SERVER, alertRecord(2, 80)]] },
  { name: 'a key that the client did not offer', sent: tls13(curlHello, chosen13(29, 0x1301, [extension(41, [0, 0])])) },
  { name: 'a group of GREASE', sent: tls13(curlHello, chosen13(0x3a3a)) },
  { name: 'two protocols of which one is empty', sent: tls13(curlHello, chosen13(29, 0x1301, [alpnExtension('h2'), alpnExtension('')])) },
  { name: 'another session than was asked for', sent: full12({ server: { sessionId: noise(32) } }) },
  {
    name: 'short extensions of the server',
    sent: full12({ server: { extensions: [extension(43, [3]), extension(51, [1]), extension(16, [0, 9, 9])] } }),
  },
  {
    name: 'what follows the extensions of the server',
    sent: [hello(plainHello()), flight(shown(join(serverHelloBody(), [1, 2, 3])), handshake(14, noise(0))), ...ends],
  },
  { name: 'data before the ServerHello', sent: [hello(curlHello), [SERVER, applicationData(80)], [CLIENT, applicationData(20)]] },
  {
    name: 'both ends cut',
    sent: [
      hello(plainHello()),
      [SERVER, join(serverHello({}), applicationData(60), record(22, certificateMessage(LEAF, CA)).subarray(0, LEAF.length + 60))],
      [CLIENT, applicationData(50).subarray(0, 20)],
    ],
  },
  {
    name: 'a chain that is cut',
    sent: [
      hello(plainHello()),
      [SERVER, join(serverHello({}), record(22, certificateMessage(soon, LEAF, CA)).subarray(0, soon.length + LEAF.length + 20))],
    ],
  },
  {
    name: 'a chain of which four bytes are there',
    sent: [hello(plainHello()), [SERVER, join(serverHello({}), record(22, certificateMessage(soon)).subarray(0, 9))]],
  },
  {
    name: 'warnings of both',
    sent: [hello(curlHello), [SERVER, join(alertRecord(1, 112), alertRecord(0, 40), alertRecord(1, 90))], [CLIENT, alertRecord(1, 0)]],
  },
];

const manyCiphers = (count: number) => Array.from({ length: count }, (_, i) => 0xc000 + i * 3);
const hellos: NamedFlow[] = [
  ...[9, 10, 99, 100, 256].map(
    (count): NamedFlow => ({
      name: `${count} ciphers`,
      sent: [
        hello(
          clientHelloBody({
            ciphers: manyCiphers(count),
            extensions: Array.from({ length: Math.min(count, 120) }, (_, i) => extension(100 + i)),
          }),
        ),
      ],
    }),
  ),
  { name: 'no extension but an empty block', sent: [hello(clientHelloBody({ extensions: [] }))] },
  {
    name: 'only GREASE',
    sent: [hello(clientHelloBody({ ciphers: [0x0a0a], extensions: [extension(0x1a1a), versionsExtension(0x2a2a)] }))],
  },
  {
    name: 'lists twice',
    sent: [
      hello(
        clientHelloBody({
          extensions: [
            sniExtension('one.example'),
            sniExtension('two.example'),
            alpnExtension('h2'),
            alpnExtension('h3'),
            versionsExtension(0x0304),
            versionsExtension(0x0303),
          ],
        }),
      ),
    ],
  },
  {
    name: 'lists that are cut',
    sent: [
      hello(
        clientHelloBody({
          extensions: [
            extension(0, [0, 9, 0, 0, 9, 97]),
            extension(16, [0, 9, 2, 104, 50, 7, 1]),
            extension(10, [0, 9, 0, 29, 0]),
            extension(11, [9, 0, 1]),
            extension(13, [0]),
            extension(43, [9, 3, 4, 3]),
          ],
        }),
      ),
    ],
  },
  {
    name: 'a name of another type first',
    sent: [hello(clientHelloBody({ extensions: [extension(0, vector(2, [1], vector(2, [97]), [0], vector(2, [98])))] }))],
  },
  {
    name: 'three dozen protocols',
    sent: [hello(clientHelloBody({ extensions: [alpnExtension(...Array.from({ length: 36 }, (_, i) => `h2-${i}`))] }))],
  },
  { name: 'without a name, with h3', sent: [hello(clientHelloBody({ extensions: [alpnExtension('h3')] }))] },
  { name: 'a name of 512 bytes', sent: [hello(clientHelloBody({ extensions: [sniExtension('a'.repeat(512))] }))] },
  { name: 'a hello of version 3.15', sent: [hello(clientHelloBody({ version: 0x030f }))] },
  { name: 'what follows the extensions', sent: [hello(join(chromeHello('after.example', 6), [1, 2, 3]))] },
  {
    name: 'a first record as short as can be',
    sent: [[CLIENT, join(...[0, 40].map((at) => record(22, handshake(1, curlHello).subarray(at, at === 0 ? 40 : undefined), 0x0301)))]],
  },
];

export const EDGES: readonly NamedFlow[] = [...times, ...names, ...shortRecords, ...headers, ...messages, ...hellos];
