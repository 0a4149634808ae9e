/** ClientHellos as programs of these days, and of old, send them. */
import {
  algorithmsExtension,
  alpnExtension,
  clientHelloBody,
  extension,
  groupsExtension,
  type HelloParts,
  handshake,
  join,
  noise,
  SESSION_ID,
  sniExtension,
  u16,
  vector,
  versionsExtension,
} from '../../support/app/tls.ts';

const keyShares = (...shares: readonly (readonly [group: number, bytes: number])[]) =>
  extension(51, vector(2, ...shares.map(([group, bytes]) => join(u16(group), vector(2, noise(bytes))))));
export const empty = (type: number) => extension(type);
const statusRequest = extension(5, [1, 0, 0, 0, 0]);
export const pointFormats = extension(11, vector(1, [0]));
const pskModes = extension(45, [1, 1]);
export const renegotiation = extension(0xff01, [0]);
const ech = extension(0xfe0d, [0, 0, 1, 0, 1, 77], vector(2, noise(32)), vector(2, noise(176)));
export const preSharedKey = extension(41, vector(2, vector(2, noise(128)), [1, 2, 3, 4]), vector(2, vector(1, noise(32))));
export const ticket = handshake(4, join([0, 0, 28, 32], vector(2, noise(192))));
export const nothing = new Uint8Array(0);

const chromeAlgorithms = algorithmsExtension(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601);
const chromeCiphers = (grease: number) => [
  grease,
  0x1301,
  0x1302,
  0x1303,
  0xc02b,
  0xc02f,
  0xc02c,
  0xc030,
  0xcca9,
  0xcca8,
  0xc013,
  0xc014,
  0x009c,
  0x009d,
  0x002f,
  0x0035,
];
export const application = extension(0x44cd, vector(2, vector(1, [0x68, 0x32])));

/** Chrome: extensions in an order of their own in every hello, a key share of a kilobyte. `turn` rotates the order. */
export function chromeHello(sni: string, turn = 0, more: readonly Uint8Array[] = []): Uint8Array {
  const grease = 0x0a0a + 0x1010 * (turn % 16);
  const middle = [
    sniExtension(sni),
    empty(23),
    renegotiation,
    groupsExtension(grease, 0x11ec, 29, 23, 24),
    pointFormats,
    empty(35),
    alpnExtension('h2', 'http/1.1'),
    statusRequest,
    chromeAlgorithms,
    empty(18),
    keyShares([grease, 1], [0x11ec, 1216], [29, 32]),
    pskModes,
    versionsExtension(grease, 0x0304, 0x0303),
    extension(27, [2, 0, 2]),
    application,
    ech,
  ];
  const turned = [...middle.slice(turn % middle.length), ...middle.slice(0, turn % middle.length)];
  const extensions = [extension(0x1a1a), ...turned, extension(0x2a2a, [0]), ...more];
  return clientHelloBody({ sessionId: SESSION_ID, ciphers: chromeCiphers(grease), extensions });
}

export const firefoxHello = clientHelloBody({
  sessionId: SESSION_ID,
  ciphers: [0x1301, 0x1303, 0x1302, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030, 0xc00a, 0xc009, 0xc013, 0xc014, 0x9c, 0x9d, 0x2f, 0x35],
  extensions: [
    sniExtension('Addons.Mozilla.org'),
    empty(23),
    renegotiation,
    groupsExtension(0x11ec, 29, 23, 24, 25, 256, 257),
    pointFormats,
    empty(35),
    alpnExtension('h2', 'http/1.1'),
    statusRequest,
    extension(34, vector(2, u16(0x0403), u16(0x0503))),
    keyShares([29, 32], [23, 65]),
    versionsExtension(0x0304, 0x0303),
    algorithmsExtension(0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0203, 0x0201),
    pskModes,
    extension(28, [0x40, 1]),
    ech,
  ],
});
export const curlHello = clientHelloBody({
  sessionId: SESSION_ID,
  ciphers: [0x1302, 0x1303, 0x1301, 0xc02c, 0xc030, 0x9f, 0xcca9, 0xcca8, 0xccaa, 0xc02b, 0xc02f, 0x9e, 0xc024, 0xc028, 0x6b, 0xc023, 0xff],
  extensions: [
    sniExtension('deb.debian.org'),
    extension(11, vector(1, [0, 1, 2])),
    groupsExtension(29, 23, 30, 25, 24, 256, 257, 258, 259, 260),
    alpnExtension('h2', 'http/1.1'),
    empty(22),
    empty(23),
    empty(49),
    algorithmsExtension(0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0809),
    versionsExtension(0x0304, 0x0303),
    pskModes,
    keyShares([29, 32]),
    extension(21, new Uint8Array(80)),
  ],
});
export const goHello = (sni: string | null, alpn: readonly string[]) =>
  clientHelloBody({
    sessionId: SESSION_ID,
    ciphers: [0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc009, 0xc013, 0xc00a, 0xc014, 0x1301, 0x1302, 0x1303],
    extensions: [
      ...(sni === null ? [] : [sniExtension(sni)]),
      statusRequest,
      groupsExtension(29, 23, 24, 25),
      pointFormats,
      algorithmsExtension(0x0804, 0x0403, 0x0807),
      renegotiation,
      empty(18),
      ...(alpn.length > 0 ? [alpnExtension(...alpn)] : []),
      versionsExtension(0x0304, 0x0303),
      keyShares([29, 32]),
    ],
  });
/** A thing with an old library: TLS 1.0, no extension but the name. */
export const oldHello = (parts: HelloParts = {}) =>
  clientHelloBody({ version: 0x0301, ciphers: [0x2f, 0x35, 0x0a, 0x05, 0x04], extensions: null, ...parts });
export const plainHello = (sni = 'www.example.org') =>
  clientHelloBody({
    sessionId: SESSION_ID,
    ciphers: [0xc02f, 0xc013, 0x9c, 0x2f],
    extensions: [sniExtension(sni), groupsExtension(29, 23), pointFormats, algorithmsExtension(0x0403, 0x0401), alpnExtension('http/1.1')],
  });
