import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CLIENT, SERVER } from '../../../src/app/dissector.ts';
import { AppReader } from '../../../src/native/app-flows.ts';
import { loadAddon } from '../../../src/native/load.ts';
import {
  asked,
  type Data,
  DNS_FLOWS,
  dnsFlow,
  type Entry,
  opt,
  raw,
  type Talk,
  text,
  to,
  wireMessage,
} from '../../support/app/dns-flows.ts';
import { dnsMutant, randomName } from '../../support/app/dns-mutants.ts';
import { disagreement, nativeReading, type ReadFlow } from '../../support/app/native-readers.ts';
import { be, join as bytes, sized } from '../../support/app/steady.ts';
import { runSanitized, SANITIZED_MS } from '../../support/sanitized-program.ts';
import { randomOf } from '../../support/stored-ticks.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const readers = new (loadAddon().FlowReaders)();
const read = (flow: ReadFlow) => disagreement(readers, AppReader.DNS, flow);
const DONE = { wrong: null, reading: 'done' };
const ODD = { wrong: null, reading: 'odd' };

describe('DNS that is read natively as the parsers read it', () => {
  it.each(Object.entries(DNS_FLOWS))('%s', (_, flow) => {
    expect(read(flow)).toEqual(DONE);
  });

  it('names of one letter up to the longest', () => {
    const lots = ['qzxvkjwqpx.com', 'qzxvkjwqpx12.com', 'qzxvkjwqpx123.com', 'qzxvkjwq1x2.com', 'qzxvkjwqp.com', 'x.qzxvkjwqpx.co.uk'];
    for (const name of [
      ...lots,
      'a',
      'a.b',
      `${'x'.repeat(63)}.`.repeat(3).concat('y'.repeat(61)),
      `${'a.'.repeat(126)}b`,
      '-',
      '_',
      '1.2.3.4',
    ]) {
      expect(read(dnsFlow(asked([name, 1])))).toEqual(DONE);
    }
  });

  it('as many answers as are kept, and texts as long as there is room', () => {
    const answer = (i: number): Entry => [`host${i}.example.org`, 1, 5, raw(1, 2, 3, i)];
    const rows = Array.from({ length: 64 }, (_, i) => answer(i));
    expect(read(dnsFlow(asked(['host0.example.org', 1], { answers: rows })))).toEqual(DONE);
    expect(read(dnsFlow(asked(['host0.example.org', 1], { answers: [...rows, rows[0]] })))).toEqual(ODD);
    const longest = Array.from({ length: 3 }, (): Entry => ['t.example.org', 16, 4_294_967_295, text('"'.repeat(255), '"'.repeat(240))]);
    expect(read(dnsFlow(asked(['t.example.org', 16], { answers: longest })))).toEqual(DONE);
  });

  it('eight datagrams', () => {
    const [query, answer] = DNS_FLOWS.chain.events;
    expect(read(dnsFlow([query, query, query, query, query, query, query, answer]))).toEqual(DONE);
    expect(read(dnsFlow([query, query, query, query, query, query, query, query, answer]))).toEqual(ODD);
  });

  it('the dates of signatures', () => {
    const random = randomOf(7);
    const days = [
      0, 86_399, 68_169_599, 68_169_600, 951_782_400, 951_868_799, 951_868_800, 4_107_542_399, 4_107_542_400, 4_294_967_295, 1_735_689_599,
    ];
    for (let i = 0; i < 100; i++) days.push(Math.floor(random() * 2 ** 32));
    for (let i = 0; i + 1 < days.length; i++) {
      const data = raw(be(28, 2), 8, 3, be(60, 4), be(days[i], 4), be(days[i + 1], 4), be(1, 2), 0, new Uint8Array(i % 7).fill(255 - i));
      expect(read(dnsFlow(asked(['example.org', 46], { answers: [['example.org', 46, 60, data]] })))).toEqual(DONE);
    }
  });

  it('IPv6 addresses with any zeros', () => {
    const rows = Array.from(
      { length: 256 },
      (_, mask): Entry => [
        'h.example.org',
        28,
        1,
        raw(Uint8Array.from({ length: 16 }, (__, i) => ((mask >> (i >> 1)) & 1 ? (i * 37) & 255 : 0))),
      ],
    );
    const mapped = raw(be(0, 6), be(0x10002ffff, 6), be(0xc0000207, 4));
    expect(read(dnsFlow(asked(['h.example.org', 28], { answers: [['h.example.org', 28, 1, mapped]] })))).toEqual(DONE);
    for (let i = 0; i < 256; i += 32) {
      expect(read(dnsFlow(asked(['h.example.org', 28], { answers: rows.slice(i, i + 32) })))).toEqual(DONE);
    }
  });

  it('names of all sorts of owners', () => {
    const random = randomOf(41);
    let generated = 0;
    let tunnelled = 0;
    for (let i = 0; i < 6000; i++) {
      const flow = dnsFlow(asked([randomName(random), 1]).slice(0, 1));
      expect(read(flow)).toEqual(DONE);
      const { note } = nativeReading(readers, AppReader.DNS, flow);
      if (note.includes('suspicious_dga_domain')) generated++;
      if (note.includes('dns_suspicious_traffic')) tunnelled++;
    }
    expect(generated).toBeGreaterThan(300);
    expect(tunnelled).toBeGreaterThan(50);
  });
});

it('flows that are a little broken are read as the parsers read them, or left to them', () => {
  const random = randomOf(1987);
  const flows = Object.values(DNS_FLOWS);
  let done = 0;
  const rounds = 12_000;
  for (let i = 0; i < rounds; i++) {
    const flow = dnsMutant(flows[i % flows.length], random);
    const { wrong, reading } = read(flow);
    if (wrong !== null)
      expect({ i, wrong, events: flow.events.map(({ side, bytes: sent }) => [side, Buffer.from(sent).toString('hex')]) }).toBeNull();
    if (reading === 'done') done++;
  }
  expect(done).toBeGreaterThan(rounds / 4);
});

const plain: Talk = { id: 7, question: ['www.example.org', 1] };
const query = (talk: Partial<Talk>) => dnsFlow([{ side: CLIENT, bytes: wireMessage({ ...plain, ...talk }) }]);
const answer = (...answers: Entry[]) => dnsFlow(asked(['www.example.org', 1], { answers }));
const record = (type: number, ...data: Parameters<typeof bytes>) => answer(['www.example.org', type, 60, raw(...data)]);
const name = (label: string) => query({ question: [`${label}.example.org`, 1] });
const address: Entry = ['www.example.org', 1, 60, raw(1, 2, 3, 4)];

/** Each with something that is as long, or as often, as a plain flow may have it. */
const limits: readonly [string, number, (length: number) => ReadFlow][] = [
  [
    'characters of a text',
    251,
    (length) =>
      dnsFlow(
        asked(['t.example.org', 16], { answers: [['t.example.org', 16, 1, text('"'.repeat(255), 'x'.repeat(255), 'x'.repeat(length))]] }),
      ),
  ],
  ['strings of a text', 32, (count) => record(16, new Uint8Array(count))],
  ['addresses of a service', 16, (count) => record(65, be(1, 2), 0, be(4, 2), sized(2, new Uint8Array(4 * count)))],
  [
    'parameters of a service',
    32,
    (count) =>
      record(
        65,
        be(1, 2),
        0,
        new Uint8Array(6 * count).fill(0).map((_, i) => [0, 3, 0, 2, 1, 1][i % 6]),
      ),
  ],
  ['characters of a path', 256, (length) => record(65, be(1, 2), 0, be(7, 2), sized(2, 'p'.repeat(length)))],
  ['aliases', 16, (count) => answer(...Array.from({ length: count }, (): Entry => ['www.example.org', 5, 60, to('a.example.org')]))],
  [
    'letters of a name',
    61,
    (length) => {
      const long = ['x', 'y', 'z'].map((letter) => letter.repeat(63)).join('.');
      return dnsFlow(asked([long, 5], { answers: [[long, 5, 60, to(`${'w'.repeat(length)}.${long}`)]] }));
    },
  ],
  [
    'jumps of a name',
    31,
    (count) => {
      let at = 12;
      const chain: Data = (wire) => {
        wire.put(be(7, 2), 13, 2);
        for (let i = 0; i < count; i++) {
          const here = wire.bytes.length;
          wire.u16(0xc000 + at);
          at = here;
        }
      };
      return answer(['www.example.org', 43, 60, chain], ['www.example.org', 5, 60, (wire) => wire.u16(0xc000 + at)]);
    },
  ],
];

describe('DNS at its limits', () => {
  it.each(limits)('%s', (_, most, flowOf) => {
    expect(read(flowOf(most))).toEqual(DONE);
    expect(read(flowOf(most + 1))).toEqual(ODD);
  });

  it('opaque bytes, which are cut', () => {
    for (const length of [0, 1, 2, 3, 255, 256, 257, 400]) {
      expect(read(record(43, be(7, 2), 13, 2, 'd'.repeat(length)))).toEqual(DONE);
      expect(read(record(48, be(256, 2), 3, 13, 'k'.repeat(length)))).toEqual(DONE);
      expect(read(record(65, be(1, 2), 0, be(5, 2), sized(2, 'e'.repeat(length + 1))))).toEqual(DONE);
    }
  });

  it('an answer that is large without EDNS', () => {
    const sizes = [240, 241, 242].map((length) => {
      const flow = answer(['www.example.org', 16, 60, text('x'.repeat(length), 'y'.repeat(224))]);
      expect(read(flow)).toEqual(DONE);
      return [flow.events[1].bytes.length, nativeReading(readers, AppReader.DNS, flow).note.includes('dns_large_packet')];
    });
    expect(sizes).toEqual([
      [511, false],
      [512, false],
      [513, true],
    ]);
  });

  it('aliases in the wrong order, of which so many are followed as there are passes', () => {
    const name = (i: number) => `${'n'.repeat(i + 1)}.example.org`;
    for (const links of [7, 8, 9]) {
      const aliases = Array.from({ length: links }, (_, i): Entry => [name(i), 5, 60, to(name(i + 1))]);
      const addresses = Array.from({ length: links + 1 }, (_, i): Entry => [name(i), 1, 60, raw(1, 2, 3, i)]);
      expect(read(dnsFlow(asked([name(0), 1], { answers: [...addresses, ...aliases.toReversed()] })))).toEqual(DONE);
    }
  });
});

describe('DNS that is left to the parsers', () => {
  it.each<[string, ReadFlow]>([
    ['another port', { ...query({}), serverPort: 5300 }],
    ['a port of multicast DNS', { ...query({}), clientPort: 5353 }],
    ['a port of LLMNR', { ...query({}), clientPort: 5355 }],
    ['multicast DNS', query({ id: 0, flags: 0, question: ['printer.local', 1] })],
    ['a client that answers', dnsFlow([{ side: CLIENT, bytes: wireMessage({ ...plain, flags: 0x8180 }) }])],
    ['a server that asks', dnsFlow([{ side: SERVER, bytes: wireMessage(plain) }])],
    ['an update', query({ flags: 0x2800 })],
    ['an error in a query', query({ flags: 0x0101 })],
    ['the bit without a meaning', query({ flags: 0x0140 })],
    ['an answer in a query', query({ answers: [address] })],
    ['authority in a query', query({ authority: [address] })],
    ['much in a query', query({ additional: [opt(), opt(), opt(), opt(), opt()] })],
    ['another class', query({ question: ['www.example.org', 1, 7] })],
    ['a type of private use', query({ question: ['www.example.org', 65_281] })],
    ['a NetBIOS name', query({ question: ['FHEPFCELEHFCEPFFFACACACACACACABL', 1] })],
    ['a space in a name', name('my printer')],
    [
      'a dot in a label',
      dnsFlow([{ side: CLIENT, bytes: bytes(be(7, 2), be(0x100, 2), be(1, 2), be(0, 6), sized(1, 'a.b'), 0, be(1, 2), be(1, 2)) }]),
    ],
    ['a backslash', name('a\\b')],
    ['a quote', name('"')],
    ['a control character', name('\x7f')],
    ['UTF-8', name('b\xc3\xbccher')],
    ['a certificate of DNSCrypt', query({ question: ['2.dnscrypt-cert.example.com', 16] })],
    ['no question', dnsFlow([{ side: SERVER, bytes: bytes(be(7, 2), be(0x8181, 2), be(0, 8), be(0, 5)) }])],
    [
      'two questions',
      dnsFlow([
        {
          side: CLIENT,
          bytes: bytes(be(7, 2), be(0x100, 2), be(2, 2), be(0, 6), 1, 'a', 0, be(1, 2), be(1, 2), 1, 'b', 0, be(1, 2), be(1, 2)),
        },
      ]),
    ],
    ['bytes behind the end', dnsFlow([{ side: CLIENT, bytes: bytes(wireMessage(plain), 0) }])],
    [
      'a pointer in the question',
      dnsFlow([{ side: CLIENT, bytes: bytes(be(7, 2), be(0x100, 2), be(1, 2), be(0, 6), 1, 'a', 0xc0, 4, be(1, 2), be(1, 2)) }]),
    ],
    ['nothing', dnsFlow([{ side: CLIENT, bytes: new Uint8Array(0) }])],
    ['an address of three bytes', record(1, 1, 2, 3)],
    ['an address of five bytes', record(1, 1, 2, 3, 4, 5)],
    ['an address of IPv6 that is short', record(28, 'x'.repeat(15))],
    ['no data', record(1)],
    ['a name that ends early', record(5, 3, 'abc')],
    ['a name with something behind it', record(5, 1, 'a', 0, 0)],
    ['a pointer to itself', record(5, 0xc0, 0x2d)],
    ['a text of controls', record(16, sized(1, 'a\nb'))],
    ['a text with a backslash', record(16, sized(1, 'a\\b'))],
    ['a text that ends early', record(16, 5, 'abc')],
    ['a text that is cut', record(16, ...Array.from({ length: 5 }, () => sized(1, 'x'.repeat(250))))],
    ['a text of many strings', record(16, new Uint8Array(33))],
    ['a type that nobody asks for', record(17, 0, 0)],
    ['EDNS among the answers', answer(['', 41, 0, raw(), 1232])],
    ['an option that is too long', dnsFlow(asked(['www.example.org', 1], { additional: [opt(1232, 0, be(10, 2), be(9, 2), 'x')] }))],
    ['a port of a service in three bytes', record(65, be(1, 2), 0, be(3, 2), sized(2, 'xyz'))],
    ['parameters that end early', record(65, be(1, 2), 0, be(3, 2), be(4, 2), 'xy')],
    ['many aliases', answer(...Array.from({ length: 17 }, (): Entry => ['www.example.org', 5, 60, to('a.example.org')]))],
    [
      'too much for a note',
      answer(
        ...Array.from(
          { length: 20 },
          (_, i): Entry => ['www.example.org', 2, 60, to(`${'n'.repeat(60)}${i}.${'m'.repeat(63)}.${'o'.repeat(63)}`)],
        ),
      ),
    ],
  ])('%s', (_, flow) => {
    expect(read(flow)).toEqual(ODD);
  });
});

const here = import.meta.dirname;
const native = join(here, '../../../native/app');
const folder = new TemporaryFolder('dns-reader');
afterAll(() => folder[Symbol.dispose]());

it('the reader, built with sanitizers, stays in its memory', { timeout: SANITIZED_MS }, async () => {
  const parts = ['dns_message.cc', 'dns_names.cc', 'dns_reader.cc', 'dns_records.cc', 'name_risks.cc', 'note_text.cc'];
  const lines = await runSanitized(folder.file('dns_reader_test'), [
    join(here, 'dns_reader_test.cc'),
    ...parts.map((file) => join(native, file)),
  ]);
  expect(lines).toEqual(['4 tests, 0 failed']);
});
