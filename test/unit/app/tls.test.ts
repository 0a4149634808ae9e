import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIENT, Progress, SERVER, Verdict } from '../../../src/app/dissector.ts';
import { tls } from '../../../src/app/tls.ts';
import { driveStream, fromHex, plainFacts, type Sent } from '../../support/app/drive.ts';
import {
  alertRecord,
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
  LEAF,
  noise,
  RETRY_RANDOM,
  record,
  SESSION_ID,
  serverHelloBody,
  sniExtension,
  tls12,
  u16,
  vector,
  versionsExtension,
} from '../../support/app/tls.ts';

/** RFC 8448 section 3: ClientHello and ServerHello of the simple 1-RTT handshake. */
const RFC_CLIENT_HELLO = fromHex(`
  16030100c4010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113031302010000910000000b00090000
  06736572766572ff01000100000a00140012001d0017001800190100010101020103010400230000003300260024001d002099381de560e4bd43d23d8e435a7d
  bafeb3c06e51c13cae4d5413691e529aaf2c002b0003020304000d0020001e040305030603020308040805080604010501060102010402050206020202002d00
  020101001c00024001`);
const RFC_SERVER_HELLO = fromHex(`
  160303005a020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e2692800130100002e00330024001d0020c9828876112095
  fe66762bdbf7c672e156d6cc253b833dd1dd69b1b04e751f0f002b00020304`);

const RFC_8448: readonly Sent[] = [
  [CLIENT, RFC_CLIENT_HELLO],
  [SERVER, join(RFC_SERVER_HELLO, applicationData(673))],
  [CLIENT, applicationData(53)],
];

const DIALOGUES: readonly (readonly Sent[])[] = [RFC_8448, tls12([LEAF, CA])];

describe('TLS dialogues', () => {
  it('reads the handshake of RFC 8448', () => {
    const { verdict, facts, transactions, progress, confirmed } = driveStream(tls, RFC_8448);
    expect({ verdict, progress, confirmed }).toEqual({ verdict: Verdict.YES, progress: Progress.DONE, confirmed: true });
    expect(facts.tls).toMatchObject({
      version: 'TLSv1.3',
      sni: 'server',
      cipher: 'TLS_AES_128_GCM_SHA256',
      group: 'x25519',
      client_ciphers: ['1301', '1303', '1302'],
      client_versions: ['TLSv1.3'],
      resumed: false,
      established: true,
      certificates: [],
      alert: null,
    });
    expect(facts.host).toBe('server');
    expect(facts.ja4).toMatch(/^t13d030900_/);
    expect(transactions).toEqual([{ log: 'tls', tls: facts.tls, ja3: facts.ja3, ja3s: facts.ja3s, ja4: facts.ja4 }]);
  });

  it('reads TLS 1.2 with certificates, curve and chosen protocol', () => {
    const { facts } = driveStream(tls, tls12([LEAF, CA]));
    expect(facts.tls).toMatchObject({
      version: 'TLSv1.2',
      alpn: ['h2', 'http/1.1'],
      alpn_chosen: 'h2',
      cipher: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
      group: 'x25519',
      client_extensions: ['0000', '000a', '000d', '0010'],
      established: true,
      resumed: false,
    });
    expect(facts.tls?.certificates.map(({ subject }) => subject)).toEqual(['CN=www.example.org', 'CN=Weir Test CA']);
    expect(facts.tls?.certificates[0].names).toEqual(['www.example.org', 'example.org', '*.cdn.example.org']);
    expect([...facts.risks]).toEqual([]);
  });

  it.each(DIALOGUES.map((dialogue, i) => [i, dialogue] as const))('finds the same byte by byte (%i)', (_i, dialogue) => {
    const whole = driveStream(tls, dialogue);
    for (const size of [1, 7]) {
      const pieces = driveStream(tls, dialogue, size);
      expect(pieces.verdict).toBe(Verdict.YES);
      expect(plainFacts(pieces.facts)).toEqual(plainFacts(whole.facts));
      expect(pieces.transactions).toEqual(whole.transactions);
    }
  });

  it('survives every cut', () => {
    const [[, hello], [, answer]] = tls12([LEAF]) as [Sent, Sent];
    for (let cut = 0; cut < hello.length; cut++) {
      const { verdict, facts } = driveStream(tls, [[CLIENT, hello.slice(0, cut)]]);
      if (verdict !== Verdict.YES) expect(cut).toBeLessThan(44);
      expect(facts.ja3).toBeNull();
    }
    for (let cut = 0; cut < answer.length; cut += 5) {
      const { facts } = driveStream(tls, [
        [CLIENT, hello],
        [SERVER, answer.slice(0, cut)],
      ]);
      expect(facts.tls?.sni).toBe('www.example.org');
    }
  });
});

describe('hello messages', () => {
  const body = clientHelloBody({ extensions: [sniExtension('split.example.org'), versionsExtension(0x1a1a, 0x0304, 0x0303)] });
  const message = handshake(1, body);

  it.each([1, 5, 40])('is put together from records of %i bytes', (size) => {
    const records: Uint8Array[] = [];
    for (let at = 0; at < message.length; at += size) records.push(record(22, message.subarray(at, at + size), 0x0301));
    for (const stride of [0, 1]) {
      const { verdict, facts } = driveStream(tls, [[CLIENT, join(...records)]], stride);
      expect(verdict).toBe(Verdict.YES);
      expect(facts.tls).toMatchObject({ sni: 'split.example.org', version: 'TLSv1.3', client_versions: ['TLSv1.3', 'TLSv1.2'] });
    }
  });

  it('is read up to 16 KiB, with a post-quantum key share', () => {
    const share = extension(51, vector(2, u16(4588), vector(2, noise(1216))));
    const hello = clientHelloBody({ extensions: [share, extension(21, new Uint8Array(14_900)), sniExtension('big.example.org')] });
    const { facts } = driveStream(tls, [[CLIENT, record(22, handshake(1, hello), 0x0301)]], 1400);
    expect(facts.tls?.sni).toBe('big.example.org');
    expect(facts.ja4).not.toBeNull();
  });

  it('tells the name of one that is too long to be seen whole, but no fingerprint', () => {
    const hello = clientHelloBody({ extensions: [sniExtension('early.example.org'), extension(21, new Uint8Array(30_000))] });
    const records = [hello.subarray(0, 16_000), hello.subarray(16_000)].map((part, i) =>
      record(22, i === 0 ? join([1, 0], u16(hello.length), part) : part),
    );
    const { facts } = driveStream(tls, [[CLIENT, join(...records)]], 1400);
    expect(facts.tls?.sni).toBe('early.example.org');
    expect([facts.ja3, facts.ja4]).toEqual([null, null]);
  });

  it('follows a HelloRetryRequest to the real ServerHello', () => {
    const versions = extension(43, u16(0x0304));
    const retry = serverHelloBody({ random: RETRY_RANDOM, cipher: 0x1302, extensions: [versions, extension(51, u16(24))] });
    const real = serverHelloBody({ cipher: 0x1302, extensions: [versions, extension(51, u16(24), vector(2, noise(97)))] });
    const dialogue: Sent[] = [
      [CLIENT, record(22, message)],
      [SERVER, join(record(22, handshake(2, retry)), changeCipherSpec())],
      [CLIENT, join(changeCipherSpec(), record(22, handshake(1, clientHelloBody({ extensions: [sniExtension('second.example')] }))))],
    ];
    expect(driveStream(tls, dialogue).facts.tls).toMatchObject({ established: false, version: 'TLSv1.3', group: 'secp384r1' });
    const rest: Sent[] = [
      [SERVER, join(record(22, handshake(2, real)), applicationData(600))],
      [CLIENT, applicationData(69)],
    ];
    expect(driveStream(tls, [...dialogue, ...rest]).facts.tls).toMatchObject({ established: true, sni: 'split.example.org' });
  });

  it('does not take the refusal of a TLS 1.3 client for success', () => {
    const dialogue: Sent[] = [RFC_8448[0], RFC_8448[1], [CLIENT, join(changeCipherSpec(), applicationData(19))]];
    expect(driveStream(tls, dialogue).facts.tls?.established).toBe(false);
  });

  it.each([
    ['trailing.example.', 'trailing.example.', 'trailing.example'],
    ['MiXed.Example', 'MiXed.Example', 'mixed.example'],
    ['bücher.example', 'bücher.example', 'bücher.example'],
    ['evil\u001b[31m\n.example', 'evil?[31m?.example', null],
    [fromHex('ff00c3'), '\uFFFD?\uFFFD', null],
  ])('makes a name safe (%#)', (sent, sni, host) => {
    const hello = clientHelloBody({ extensions: [sniExtension(sent)] });
    const { facts } = driveStream(tls, [[CLIENT, record(22, handshake(1, hello))]]);
    expect(facts.tls?.sni).toBe(sni);
    expect(facts.host).toBe(host);
    expect(facts.risks.has('tls_suspicious_extension')).toBe(host === null);
  });

  it('sees encrypted_client_hello', () => {
    const hello = clientHelloBody({ extensions: [sniExtension('public.example'), extension(0xfe0d, noise(200))] });
    expect(driveStream(tls, [[CLIENT, record(22, handshake(1, hello))]]).facts.tls?.ech).toBe(true);
  });
});

describe('resumption', () => {
  const hello = (sessionId: Uint8Array, ...extensions: Uint8Array[]): Sent => [
    CLIENT,
    record(22, handshake(1, clientHelloBody({ sessionId, extensions }))),
  ];
  const answer = (...parts: Uint8Array[]): Sent => [SERVER, join(...parts, changeCipherSpec(), finished())];
  const serverHello = (sessionId: Uint8Array) => record(22, handshake(2, serverHelloBody({ sessionId })));
  const last: Sent = [CLIENT, join(changeCipherSpec(), finished())];

  it('is seen by the session id, and by a ChangeCipherSpec right behind the ServerHello', () => {
    const byId = driveStream(tls, [hello(SESSION_ID), answer(serverHello(SESSION_ID)), last]).facts.tls;
    expect(byId).toMatchObject({ resumed: true, established: true });
    const none = new Uint8Array(0);
    const byTicket = driveStream(tls, [hello(none, extension(35, noise(180))), answer(serverHello(none)), last]).facts.tls;
    expect(byTicket).toMatchObject({ resumed: true, established: true });
  });

  it('is seen in TLS 1.3 by the pre-shared key, not by the echoed session id', () => {
    const versions = versionsExtension(0x0304);
    const chosen = extension(43, u16(0x0304));
    const server = (...more: Uint8Array[]): Sent => [
      SERVER,
      record(22, handshake(2, serverHelloBody({ sessionId: SESSION_ID, extensions: [chosen, ...more] }))),
    ];
    expect(driveStream(tls, [hello(SESSION_ID, versions), server()]).facts.tls?.resumed).toBe(false);
    const key = extension(41, noise(80));
    expect(driveStream(tls, [hello(SESSION_ID, versions, key), server(extension(41, [0, 0]))]).facts.tls?.resumed).toBe(true);
  });
});

describe('half of a connection', () => {
  const [client, server, ...rest] = tls12([LEAF, CA]);

  it('is enough, whichever half it is', () => {
    const asked = driveStream(tls, [client, rest[0]]);
    expect(asked).toMatchObject({ verdict: Verdict.YES, confirmed: true });
    expect(asked.facts.tls).toMatchObject({ sni: 'www.example.org', version: 'TLSv1.2', cipher: null, established: false });
    const answered = driveStream(tls, [server, rest[1]]);
    expect(answered).toMatchObject({ verdict: Verdict.YES, confirmed: true });
    expect(answered.facts.tls).toMatchObject({ sni: null, version: 'TLSv1.2', alpn_chosen: 'h2' });
    expect(answered.facts.tls?.certificates).toHaveLength(2);
  });

  it('reads the answer to a client whose beginning is missing', () => {
    const flight = server[1] as Uint8Array;
    const { facts, progress } = driveStream(tls, [
      [SERVER, flight.slice(0, 60)],
      [CLIENT, noise(80)],
      [SERVER, flight.slice(60)],
    ]);
    expect(facts.tls).toMatchObject({ version: 'TLSv1.2', alpn_chosen: 'h2' });
    expect(progress).toBe(Progress.DONE);
  });

  it('keeps the certificates that the head holds of a longer chain', () => {
    const flight = join(handshake(2, serverHelloBody()), certificateMessage(LEAF, CA)).subarray(0, -30);
    expect(driveStream(tls, [client, [SERVER, record(22, flight)]]).facts.tls?.certificates).toHaveLength(1);
  });

  it('may be an alert', () => {
    const { verdict, facts } = driveStream(tls, [[SERVER, alertRecord(2, 40)]]);
    expect(verdict).toBe(Verdict.YES);
    expect(facts.tls?.alert).toBe('fatal handshake_failure');
    expect(driveStream(tls, [client, [SERVER, alertRecord(2, 70)]])).toMatchObject({ progress: Progress.DONE });
    expect(driveStream(tls, [[SERVER, alertRecord(3, 40)]]).verdict).toBe(Verdict.NO);
  });

  it('from the middle on is named, but not confirmed', () => {
    const records = join(applicationData(300), applicationData(1200), applicationData(40));
    for (const size of [0, 1]) {
      const middle = driveStream(tls, [[CLIENT, records]], size);
      expect(middle).toMatchObject({ verdict: Verdict.YES, confirmed: false });
      expect(middle.facts.tls).toBeNull();
    }
    expect(driveStream(tls, [[SERVER, join(applicationData(300), noise(200))]]).verdict).toBe(Verdict.NO);
    expect(driveStream(tls, [[SERVER, applicationData(300).subarray(0, 200)]]).verdict).toBe(Verdict.NO);
  });
});

describe('SSL 2.0', () => {
  const challenge = noise(16);
  const hello = (version: number, ciphers: string) => {
    const list = fromHex(ciphers);
    const content = join([1], u16(version), u16(list.length), u16(0), u16(16), list, challenge);
    return join([0x80 | (content.length >> 8), content.length & 255], content);
  };

  it('may carry the ClientHello of a TLS connection', () => {
    const [, , ...rest] = tls12([LEAF]);
    const server: Sent = [SERVER, record(22, join(handshake(2, serverHelloBody({ version: 0x0301 })), handshake(14, new Uint8Array(0))))];
    const { verdict, facts } = driveStream(tls, [[CLIENT, hello(0x0301, '00002f 010080')], server, ...rest], 3);
    expect(verdict).toBe(Verdict.YES);
    expect(facts.tls).toMatchObject({ version: 'TLSv1.0', client_ciphers: ['002f', '010080'], established: true });
    expect([facts.ja3, facts.ja4]).toEqual([null, null]);
    expect(facts.risks.has('tls_obsolete_version')).toBe(true);
  });

  it('is read for itself', () => {
    const der = certificate();
    const content = join([4, 0, 1, 0, 2], u16(der.length), u16(3), u16(16), der, fromHex('010080'), noise(16));
    const masterKey = join([2], fromHex('010080'), u16(0), u16(128), u16(0), noise(128));
    const ssl2 = (body: Uint8Array) => join([0x80 | (body.length >> 8), body.length & 255], body);
    const { facts, confirmed } = driveStream(tls, [
      [CLIENT, hello(0x0002, '010080')],
      [SERVER, ssl2(content)],
      [CLIENT, ssl2(masterKey)],
    ]);
    expect(confirmed).toBe(true);
    expect(facts.tls).toMatchObject({ version: 'SSLv2', cipher: 'SSL2_RC4_128_WITH_MD5' });
    expect(facts.tls?.certificates).toHaveLength(1);
  });
});

describe('what is not TLS', () => {
  it.each([
    ['GET / HTTP/1.1\r\nHost: example.org\r\n\r\n'],
    ['\x16\x03\x01\x00\x05hello'],
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xf0HTTP and more of it, and more of it, and more of it'],
    ['\x17\x03\x03'],
    ['\x80\x2e\x01\x03\x01\x00\x16\x00\x00\x00\x10 and more of it, and more of it, and more'],
    ['SSH-2.0-OpenSSH_9.6\r\n'],
  ])('%#', (bytes) => {
    for (const side of [CLIENT, SERVER] as const) {
      expect(driveStream(tls, [[side, bytes]]).verdict).not.toBe(Verdict.YES);
      expect(driveStream(tls, [[side, bytes]], 1).verdict).not.toBe(Verdict.YES);
    }
  });

  it('is a dialogue with the sides the wrong way round', () => {
    const [client, server] = tls12([LEAF]);
    expect(driveStream(tls, [[SERVER, client[1]]]).verdict).toBe(Verdict.NO);
    expect(driveStream(tls, [[CLIENT, server[1]]]).verdict).toBe(Verdict.NO);
    const both: Sent[] = [
      [SERVER, client[1]],
      [CLIENT, server[1]],
    ];
    expect(driveStream(tls, both).verdict).toBe(Verdict.NO);
  });

  it('never throws on a dialogue with changed bytes', () => {
    const changes = fc.array(fc.tuple(fc.nat(3), fc.nat(1200), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(changes, fc.constantFrom(0, 13), (list, size) => {
        const dialogue = tls12([LEAF, CA]).map(([side, bytes]) => [side, Uint8Array.from(bytes as Uint8Array)] as const);
        for (const [piece, at, value] of list) {
          const [, bytes] = dialogue[piece];
          bytes[at % bytes.length] = value;
        }
        driveStream(tls, dialogue, size);
      }),
      { numRuns: 200 },
    );
  });
});
