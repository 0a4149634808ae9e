import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CLIENT, SERVER, type Side } from '../../../src/app/dissector.ts';
import { AppReader, type FlowReaders } from '../../../src/native/app-flows.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { disagreement, EPOCH_SECS, type ReadEvent, type ReadFlow } from '../../support/app/native-readers.ts';
import {
  alertRecord,
  applicationData,
  certificate,
  clientHelloBody,
  extension,
  handshake,
  join,
  record,
  sniExtension,
  vector,
} from '../../support/app/tls.ts';
import { runSanitized, SANITIZED_MS } from '../../support/sanitized-program.ts';
import { randomOf } from '../../support/stored-ticks.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { EDGES, NO_RECORDS } from './tls-edges.ts';
import { FLOWS, type NamedFlow, type Sent, tls12, VALID } from './tls-flows.ts';
import { chromeHello } from './tls-hellos.ts';

const here = import.meta.dirname;
const native = path.join(here, '../../../native/app');
const folder = new TemporaryFolder('tls-reader');
afterAll(() => folder[Symbol.dispose]());

const newReaders = (): FlowReaders => new (loadAddon().FlowReaders)();
const FIRST_BYTES = 48;

const ALL: readonly NamedFlow[] = [...FLOWS, ...EDGES];

type Random = () => number;
const below = (random: Random, limit: number) => Math.floor(random() * limit);

/** Each message in segments of what `size` says; the first one is long enough for the protocol to be seen. */
function segments(sent: readonly Sent[], size: () => number): Sent[] {
  const out: Sent[] = [];
  for (const [side, bytes] of sent) {
    for (let at = 0; at < bytes.length; ) {
      const end = at + Math.max(out.length === 0 ? FIRST_BYTES : 1, size());
      out.push([side, bytes.subarray(at, end)]);
      at = end;
    }
  }
  return out;
}

/** Both sides at the same time, each in its own order; the client begins. */
function interleaved(sent: readonly Sent[], random: Random): Sent[] {
  const [first, ...rest] = sent;
  const queues: [Sent[], Sent[]] = [rest.filter(([side]) => side === CLIENT), rest.filter(([side]) => side === SERVER)];
  const out = [first];
  while (queues[0].length + queues[1].length > 0) {
    const side: Side = queues[CLIENT].length === 0 || (queues[SERVER].length > 0 && random() < 0.5) ? SERVER : CLIENT;
    out.push(queues[side].shift() as Sent);
  }
  return out;
}

function flowOf(sent: readonly Sent[], { port = 443, ended = true, epochSecs = EPOCH_SECS } = {}): ReadFlow {
  const events: ReadEvent[] = sent.map(([side, bytes], i) => ({ side, bytes, epochSecs: epochSecs === 0 ? 0 : epochSecs + i }));
  return { isTcp: true, clientPort: 50_123, serverPort: port, events, ended };
}

const verdictOf = (readers: FlowReaders, flow: ReadFlow) => disagreement(readers, AppReader.TLS, flow);

describe('TLS read natively', () => {
  const readers = newReaders();

  it.each(FLOWS.map((flow) => [flow.name, flow] as const))('%s', (_, { sent, port }: NamedFlow) => {
    const random = randomOf(1);
    const splits = [
      sent,
      segments(sent, () => 1460),
      segments(sent, () => 1 + below(random, 90)),
      segments(sent, () => 1 + below(random, 2000)),
    ];
    for (const split of splits) expect(verdictOf(readers, flowOf(split, { port }))).toEqual({ wrong: null, reading: 'done' });
    expect(verdictOf(newReaders(), flowOf(sent, { port, epochSecs: 0 }))).toEqual({ wrong: null, reading: 'done' });
  });

  it.each(EDGES.map((flow) => [flow.name, flow] as const))('%s', (_, { sent }: NamedFlow) => {
    expect(verdictOf(readers, flowOf(sent))).toEqual({ wrong: null, reading: 'done' });
    expect(verdictOf(readers, flowOf(segments(sent, () => 53)))).toEqual({ wrong: null, reading: 'done' });
  });

  it('goes on while nothing is missing', () => {
    for (const { sent } of FLOWS.slice(0, 12)) {
      expect(verdictOf(readers, flowOf(sent.slice(0, 1), { ended: false }))).toEqual({ wrong: null, reading: 'more' });
    }
  });

  it('is asked three or four times for a connection', () => {
    const sent = segments(FLOWS[1].sent, () => 1460);
    let asked = 0;
    const counting: FlowReaders = {
      read: (flow) => {
        asked++;
        return readers.read(flow);
      },
      learnCertificate: (...known) => readers.learnCertificate(...known),
      unknownCertificates: () => readers.unknownCertificates(),
    };
    expect(verdictOf(counting, flowOf(sent)).reading).toBe('done');
    expect(asked).toBeLessThanOrEqual(5);
  });

  it('ends at every byte of a connection as the parsers do', () => {
    for (const sent of [tls12([VALID]), FLOWS.find(({ name }) => name === 'a session that is taken up')?.sent ?? []]) {
      const total = sent.reduce((sum, [, bytes]) => sum + bytes.length, 0);
      for (let end = FIRST_BYTES; end < total; end++) {
        let left = end;
        const cut: Sent[] = [];
        for (const [side, bytes] of sent) {
          if (left > 0) cut.push([side, bytes.subarray(0, left)]);
          left -= bytes.length;
        }
        const { wrong, reading } = verdictOf(readers, flowOf(cut));
        expect(wrong).toBeNull();
        expect(reading).toBe(end < sent[0][1].length ? 'odd' : 'done');
      }
    }
  });

  it('agrees when the two sides come in any order', () => {
    const random = randomOf(5);
    let done = 0;
    for (let round = 0; round < 400; round++) {
      const { sent, port } = FLOWS[below(random, FLOWS.length)];
      const mixed = interleaved(
        segments(sent, () => 60 + below(random, 1500)),
        random,
      );
      const { wrong, reading } = verdictOf(readers, flowOf(mixed, { port, ended: random() < 0.5 }));
      expect(wrong).toBeNull();
      if (reading === 'done') done++;
    }
    expect(done).toBeGreaterThan(100);
  });
});

/** A copy with something changed: bytes, records, lengths, what a segment has. */
function mutated(sent: readonly Sent[], random: Random): Sent[] {
  const out = sent.map(([side, bytes]): Sent => [side, bytes.slice()]);
  const faults = 1 + below(random, 3);
  for (let i = 0; i < faults && out.length > 0; i++) {
    const at = below(random, out.length);
    const [side, bytes] = out[at];
    const place = below(random, Math.min(bytes.length, random() < 0.7 ? 220 : bytes.length));
    switch (below(random, 9)) {
      case 0:
      case 1:
        bytes[place] ^= 1 << below(random, 8);
        break;
      case 2:
        bytes[place] = below(random, 256);
        break;
      case 3:
        bytes[place] = [0, 1, 3, 255, 20, 21, 22, 23][below(random, 8)];
        break;
      case 4:
        out[at] = [side, bytes.subarray(0, place)];
        break;
      case 5:
        out[at] = [
          side,
          join(
            bytes.subarray(0, place),
            Array.from({ length: 1 + below(random, 6) }, () => below(random, 256)),
            bytes.subarray(place),
          ),
        ];
        break;
      case 6:
        out[at] = [side, join(bytes.subarray(0, place), bytes.subarray(place + 1 + below(random, 4)))];
        break;
      case 7:
        out.splice(at, 0, [random() < 0.8 ? side : side === CLIENT ? SERVER : CLIENT, bytes]);
        break;
      default:
        if (at > 0) out.splice(at, 1);
        else out.push([SERVER, random() < 0.5 ? alertRecord(1 + below(random, 2), below(random, 121)) : applicationData(50)]);
    }
  }
  return out.filter(([, bytes]) => bytes.length > 0);
}

/** Where the fields of a first record's hello are: a change there keeps the rest in its place. */
function changedField(sent: readonly Sent[], random: Random): Sent[] {
  const out = sent.map(([side, bytes]): Sent => [side, bytes.slice()]);
  for (let i = 0; i < 1 + below(random, 3); i++) {
    const [, bytes] = out[random() < 0.6 || out.length < 2 ? 0 : 1];
    const at = 44 + below(random, Math.max(1, Math.min(bytes.length - 46, 260)));
    const codes = [0, 10, 11, 13, 16, 41, 43, 51, 57, 0x0a0a, 0x0303, 0x0304, 0xfe0d, 0xffce, 1, 2, 0x1301, 0xc02f, 5, 256];
    const code = codes[below(random, codes.length)];
    bytes[at] = code >> 8;
    bytes[at + 1] = code & 255;
  }
  return out;
}

describe('TLS that something is wrong with', () => {
  it.each([
    ['mutations', mutated, 3000, 0.2],
    ['changed fields', changedField, 2000, 0.4],
  ] as const)('%s are read as the parsers read them, or are odd', (_, change, rounds, least) => {
    const readers = newReaders();
    const random = randomOf(rounds);
    let done = 0;
    for (let round = 0; round < rounds; round++) {
      const { sent, port } = ALL[below(random, ALL.length)];
      const changed = change(sent, random);
      const split = random() < 0.5 ? changed : segments(changed, () => 200 + below(random, 1300));
      if (split.length === 0) continue;
      const { wrong, reading } = verdictOf(readers, flowOf(split, { port, ended: random() < 0.8 }));
      expect(wrong).toBeNull();
      if (reading === 'done') done++;
    }
    expect(done).toBeGreaterThan(least * rounds);
  });

  const hello = FLOWS[1].sent[0];
  const helloOf = (...extensions: Uint8Array[]): Sent => [CLIENT, record(22, handshake(1, clientHelloBody({ extensions })), 0x0301)];
  const notPlain = Uint8Array.of(0x62, 0xfc, 0x63, 0x68);
  const broken = certificate().subarray(0, 60);
  it.each<readonly [string, readonly Sent[]]>([
    [
      'a first segment that proves nothing',
      [
        [CLIENT, hello[1].subarray(0, 40)],
        [CLIENT, hello[1].subarray(40)],
      ],
    ],
    ['a server that begins', [[SERVER, alertRecord(1, 0)], hello]],
    [
      'the middle of a connection',
      [
        [CLIENT, applicationData(300)],
        [SERVER, applicationData(300)],
      ],
    ],
    ['a hello of SSL 2', [[CLIENT, join([0x80, 46, 1, 3, 1, 0, 3, 0, 0, 0, 32], [7, 0, 192], new Uint8Array(32))]]],
    ['a name beyond ASCII', [helloOf(sniExtension(notPlain))]],
    ['a name of half a kilobyte', [helloOf(sniExtension('a'.repeat(513)))]],
    ['a protocol beyond ASCII', [helloOf(extension(16, vector(2, vector(1, notPlain))))]],
    [
      'more numbers than a hello has',
      [[CLIENT, record(22, handshake(1, clientHelloBody({ ciphers: Array.from({ length: 257 }, (_, i) => i) })))]],
    ],
    ['a hello of DTLS', [[CLIENT, record(22, handshake(1, clientHelloBody({ version: 0xfefd })))]]],
    [
      'an extension that is longer than the block',
      [[CLIENT, record(22, handshake(1, clientHelloBody({ extensions: [Uint8Array.of(0, 9, 0, 9, 1)] })))]],
    ],
    ['what is no record', [hello, [SERVER, new TextEncoder().encode('HTTP/1.1 400 Bad Request\r\n')]]],
    ['a hello from the wrong side', [hello, [SERVER, hello[1]]]],
    ['a server hello that is none', [hello, [SERVER, record(22, handshake(2, new Uint8Array(10)))]]],
    ['a certificate that cannot be read', [...tls12([broken]).slice(0, 3), [SERVER, alertRecord(2, 42)]]],
    ['a hello that does not end', [[CLIENT, hello[1].subarray(0, 300)]]],
    ['more than a head has', [hello, ...Array.from({ length: 12 }, (): Sent => [SERVER, applicationData(1400)])]],
  ])('%s is odd', (_, sent) => {
    expect(verdictOf(newReaders(), flowOf(sent))).toEqual({ wrong: null, reading: 'odd' });
  });

  it.each(NO_RECORDS)('%s is odd', (_, bytes) => {
    expect(verdictOf(newReaders(), flowOf([hello, [SERVER, bytes]]))).toEqual({ wrong: null, reading: 'odd' });
  });

  it('is asked when both heads are as long as a head can be', () => {
    const long = join([23, 3, 3, 0x48, 0], new Uint8Array(16_400));
    const sent: Sent[] = [hello, [CLIENT, long.subarray(0, 1000)], [SERVER, long], [CLIENT, long.subarray(1000)]];
    expect(verdictOf(newReaders(), flowOf(segments(sent, () => 1460)))).toEqual({ wrong: null, reading: 'odd' });
  });

  it('a note that is too long is odd', () => {
    const chain = Array.from({ length: 4 }, (_, i) =>
      certificate({ dnsNames: Array.from({ length: 32 }, (__, n) => `${'"'.repeat(60)}${i}-${n}`) }),
    );
    const sent = tls12(chain);
    expect(verdictOf(newReaders(), flowOf(segments(sent, () => 1460)))).toEqual({ wrong: null, reading: 'odd' });
  });

  it('keeps fingerprints of many clients apart', () => {
    const readers = newReaders();
    for (let i = 0; i < 1000; i++) {
      const body = clientHelloBody({
        ciphers: [0x1301, 0x1400 + i],
        extensions: [sniExtension('many.example.org'), extension(0x1000 + (i % 7))],
      });
      const sent: Sent[] = [
        [CLIENT, record(22, handshake(1, i % 3 === 0 ? chromeHello('many.example.org', i) : body))],
        [SERVER, alertRecord(2, 40)],
      ];
      expect(verdictOf(readers, flowOf(sent))).toEqual({ wrong: null, reading: 'done' });
    }
  });
});

it('built with sanitizers, the reader stays in the memory of the flow', { timeout: SANITIZED_MS }, async () => {
  const parts = ['certificates', 'client_hello', 'client_shape', 'digests', 'libcrypto', 'libcrypto_posix', 'note_text', 'server_hello'];
  const tlsParts = ['tls_handshake', 'tls_names', 'tls_reader', 'tls_records', 'tls_risks'];
  const sources = [...parts, ...tlsParts].map((name) => path.join(native, `${name}.cc`));
  expect(await runSanitized(folder.file('tls_reader_test'), [path.join(here, 'tls_reader_test.cc'), ...sources])).toEqual([
    '5 tests, 0 failed',
  ]);
});
