import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIENT, Progress, SERVER, Verdict } from '../../../src/app/dissector.ts';
import { dtls } from '../../../src/app/dtls.ts';
import { driveDatagrams, fromHex, type Sent } from '../../support/app/drive.ts';
import {
  certificate,
  clientHelloBody,
  dtlsFragment,
  dtlsRecord,
  extension,
  groupsExtension,
  join,
  noise,
  serverHelloBody,
  sniExtension,
  u16,
  vector,
  versionsExtension,
} from '../../support/app/tls.ts';

const DTLS_1_0 = { version: 0xfeff };
const LEAF = certificate({ subject: [['CN', 'sensor.example']], notAfter: '240801000000Z' });
const extensions = [sniExtension('sensor.example'), groupsExtension(29)];
const hello = clientHelloBody({ version: 0xfefd, extensions });
const helloWithCookie = clientHelloBody({ version: 0xfefd, extensions, cookie: noise(20) });
const verify = join(u16(0xfeff), vector(1, noise(20)));
const serverHello = serverHelloBody({ version: 0xfefd, cipher: 0xc02b, extensions: [extension(0xff01, [0])] });
const chain = vector(3, vector(3, LEAF));
const nothing = new Uint8Array(0);

const half = chain.length >> 1;
const secret = (epoch: number, type = 22) => dtlsRecord(type, noise(60), { epoch });
const changed = dtlsRecord(20, [1]);

const DIALOGUE: readonly Sent[] = [
  [CLIENT, dtlsRecord(22, dtlsFragment(1, 0, hello), DTLS_1_0)],
  [SERVER, dtlsRecord(22, dtlsFragment(3, 0, verify), DTLS_1_0)],
  [CLIENT, dtlsRecord(22, dtlsFragment(1, 1, helloWithCookie), DTLS_1_0)],
  // The certificate comes in overlapping parts, the last one first, and one of them twice.
  [SERVER, dtlsRecord(22, dtlsFragment(11, 2, chain, half - 10))],
  [SERVER, dtlsRecord(22, dtlsFragment(11, 2, chain, half - 10))],
  [SERVER, join(dtlsRecord(22, dtlsFragment(2, 1, serverHello)), dtlsRecord(22, dtlsFragment(11, 2, chain, 0, half)))],
  [SERVER, dtlsRecord(22, dtlsFragment(14, 3, nothing))],
  [CLIENT, join(dtlsRecord(22, dtlsFragment(16, 2, vector(1, noise(32)))), changed, secret(1))],
  [SERVER, join(changed, secret(1))],
];

describe('DTLS', () => {
  it('reads a handshake with a cookie, its fragments in any order', () => {
    const { verdict, facts, transactions, progress, confirmed } = driveDatagrams(dtls, DIALOGUE);
    expect({ verdict, progress, confirmed }).toEqual({ verdict: Verdict.YES, progress: Progress.DONE, confirmed: true });
    expect(facts.tls).toMatchObject({
      version: 'DTLSv1.2',
      sni: 'sensor.example',
      cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
      client_versions: ['DTLSv1.2'],
      established: true,
    });
    expect(facts.tls?.certificates.map(({ names }) => names)).toEqual([['sensor.example']]);
    expect(facts.host).toBe('sensor.example');
    expect(facts.ja4).toMatch(/^dd2d020200_/);
    expect(facts.ja3).toMatch(/^[0-9a-f]{32}$/);
    expect(facts.ja3s).toMatch(/^[0-9a-f]{32}$/);
    expect(transactions).toHaveLength(1);
  });

  it('puts a ClientHello together from small fragments', () => {
    const datagrams: Sent[] = [];
    for (let at = 0; at < hello.length; at += 16) {
      datagrams.unshift([CLIENT, dtlsRecord(22, dtlsFragment(1, 0, hello, at, Math.min(at + 16, hello.length)))]);
    }
    expect(driveDatagrams(dtls, datagrams).facts.tls?.sni).toBe('sensor.example');
  });

  it('reads DTLS 1.3', () => {
    const offer = clientHelloBody({ version: 0xfefd, ciphers: [0x1301], extensions: [...extensions, versionsExtension(0xfefc, 0xfefd)] });
    const answer = serverHelloBody({ version: 0xfefd, cipher: 0x1301, extensions: [extension(43, u16(0xfefc))] });
    const unified = join([0x2e, 0x01], u16(70), noise(70));
    const { facts } = driveDatagrams(dtls, [
      [CLIENT, dtlsRecord(22, dtlsFragment(1, 0, offer))],
      [SERVER, join(dtlsRecord(22, dtlsFragment(2, 0, answer)), unified)],
      [CLIENT, unified],
    ]);
    expect(facts.tls).toMatchObject({ version: 'DTLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', established: true });
  });

  it('makes do with one side, and sees alerts', () => {
    const server = driveDatagrams(
      dtls,
      DIALOGUE.filter(([side]) => side === SERVER),
    );
    expect(server.verdict).toBe(Verdict.YES);
    expect(server.facts.tls?.certificates).toHaveLength(1);
    const refused = driveDatagrams(dtls, [DIALOGUE[0], [SERVER, dtlsRecord(21, [2, 70])]]);
    expect(refused.facts.tls).toMatchObject({ alert: 'fatal protocol_version', established: false });
    expect(refused.progress).toBe(Progress.DONE);
  });

  it('calls two datagrams from the middle DTLS, but is not sure', () => {
    const middle = [secret(1, 23), join(secret(1, 23), secret(1, 23))];
    expect(driveDatagrams(dtls, [[CLIENT, middle[0]]]).verdict).toBe(Verdict.MORE);
    const both = driveDatagrams(dtls, [
      [CLIENT, middle[0]],
      [SERVER, middle[1]],
    ]);
    expect(both).toMatchObject({ verdict: Verdict.YES, confirmed: false });
    expect(both.facts.tls).toBeNull();
  });

  it('waits while the path is checked', () => {
    const stun = fromHex('000100002112a442 000102030405060708090a0b');
    expect(driveDatagrams(dtls, [[CLIENT, stun], DIALOGUE[0]]).verdict).toBe(Verdict.YES);
  });

  it.each([
    ['a cut record', (DIALOGUE[0][1] as Uint8Array).slice(0, -1)],
    ['trailing bytes', join(DIALOGUE[0][1] as Uint8Array, [1, 2, 3])],
    ['a hello of the server', DIALOGUE[1][1] as Uint8Array],
    ['RTP', join([0x80, 0x60, 0, 1], noise(160))],
    ['DNS', fromHex('16fe010000010000000000000765 78616d706c65036f72670000010001')],
    ['TLS', fromHex('160303002a0100002603030000')],
  ])('is not %s', (_name, bytes) => {
    expect(driveDatagrams(dtls, [[CLIENT, bytes]]).verdict).toBe(Verdict.NO);
  });

  it('never throws on a dialogue with changed or missing bytes', () => {
    const change = fc.tuple(fc.nat(DIALOGUE.length - 1), fc.nat(800), fc.nat(255), fc.boolean());
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), (changes) => {
        const dialogue = DIALOGUE.map(([side, bytes]): [Sent[0], Uint8Array] => [side, Uint8Array.from(bytes as Uint8Array)]);
        for (const [index, at, value, cut] of changes) {
          const [, bytes] = dialogue[index];
          if (bytes.length === 0) continue;
          bytes[at % bytes.length] = value;
          if (cut) dialogue[index][1] = bytes.subarray(0, at % bytes.length);
        }
        driveDatagrams(dtls, dialogue);
      }),
      { numRuns: 200 },
    );
  });
});
