import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { NdpiLabels, ndpiCategory, ndpiConfidence, ndpiRisks } from '../../../src/app/ndpi-names.ts';
import {
  type Detector,
  type DetectorOptions,
  DPI_ENTRY_WORDS,
  DPI_RESULT_WORDS,
  DpiState,
  dpiUnavailable,
  loadDpi,
} from '../../../src/native/dpi.ts';
import { ascii } from '../../fixtures/headers.ts';
import {
  batchOf,
  clientHello,
  dnsAnswer,
  dnsQuery,
  feed,
  giveUp,
  httpRequest,
  httpResponse,
  overTcp,
  overUdp,
  type Packet,
} from './conversation.ts';

const addon = loadDpi();
if (addon === null) console.log(`libndpi: ${dpiUnavailable()}; its tests are skipped`);

const open: Detector[] = [];

function detector(options: Partial<DetectorOptions> = {}): Detector {
  if (addon === null) throw new Error('unreachable: skipped without the addon');
  const made = addon.createDetector({ maxFlows: 1000, ...options });
  open.push(made);
  return made;
}

afterEach(() => {
  for (const made of open.splice(0)) made.close();
});

/** nDPI 4.2 looks for DNS on its own ports only. */
const DNS = { server: 53 };

const labelled: readonly number[] = [DpiState.PARTIAL, DpiState.CLASSIFIED];

describe('the addon that is not there', () => {
  it('is null, with a reason', () => {
    expect(loadDpi('/nowhere/weir_dpi.addon')).toBeNull();
    expect(loadDpi(import.meta.filename)).toBeNull();
    expect(dpiUnavailable()).not.toBe('');
  });
});

describe.skipIf(addon === null)('classification', () => {
  it('names a query and its answer', () => {
    const made = detector();
    const results = feed(
      made,
      overUdp(7, DNS, [
        ['client', dnsQuery('weir.example.net')],
        ['server', dnsAnswer('weir.example.net')],
      ]),
    );
    expect(results[0]).toMatchObject({ app: 'DNS', confidence: 'DPI', guessed: false });
    expect(results[1]).toMatchObject({ app: 'DNS', state: DpiState.CLASSIFIED });
    expect(made.memory().flows).toBe(0);
  });

  it('names a ClientHello, and the service by its server name', () => {
    const made = detector();
    const last = feed(made, overTcp(0, { server: 4433 }, [['client', clientHello('www.google.com')]])).at(-1);
    expect(last).toMatchObject({ master: 'TLS', app: 'Google', category: 'Web', confidence: 'DPI', guessed: false });
    expect(labelled).toContain(last?.state);
    expect(made.hostName(0)).toBe('www.google.com');
  });

  it('names a request, and says that its port is odd', () => {
    const results = feed(
      detector(),
      overTcp(3, { server: 9 }, [
        ['client', httpRequest('weir.example.net')],
        ['server', httpResponse],
      ]),
    );
    expect(results.at(-1)).toMatchObject({ app: 'HTTP', state: DpiState.CLASSIFIED });
    expect(ndpiRisks(results.at(-1)?.risksLow ?? 0, results.at(-1)?.risksHigh ?? 0).risks.map(({ name }) => name)).toContain(
      'known_protocol_on_non_standard_port',
    );
  });

  it('keeps risks beyond the 32nd', () => {
    const lines = [
      ['server', ascii('220 ready\r\n')],
      ['client', ascii('USER gauge\r\n')],
      ['server', ascii('331 password\r\n')],
      ['client', ascii('PASS level\r\n')],
      ['server', ascii('230 welcome\r\n')],
    ] as const;
    const results = feed(detector(), overTcp(3, { server: 2121 }, lines));
    const last = results.findLast(({ state }) => labelled.includes(state));
    expect(last?.app).toBe('FTP_CONTROL');
    expect(ndpiRisks(0, last?.risksHigh ?? 0).risks.map(({ name }) => name)).toContain('cleartext_credentials');
  });

  it('does not depend on how packets are cut into batches', () => {
    const flows = [
      overTcp(0, {}, [['client', clientHello('weir.example.net')]]),
      overTcp(1, { client: 40001 }, [
        ['client', httpRequest('weir.example.net')],
        ['server', httpResponse],
      ]),
      overUdp(2, DNS, [['client', dnsQuery('weir.example.net')]]),
    ];
    const packets = [0, 1, 2, 3, 4].flatMap((turn) => flows.flatMap((flow) => flow.slice(turn, turn + 1)));
    const first = detector();
    const second = detector();
    expect(packets.flatMap((packet) => feed(second, [packet]))).toEqual(feed(first, packets));
  });

  it('does not depend on the flows that came before', () => {
    const used = detector();
    for (let slot = 0; slot < 50; slot++) {
      feed(used, overTcp(slot, { client: 41000 + slot }, [['client', clientHello('www.google.com')]]));
      feed(used, overUdp(100 + slot, DNS, [['client', dnsQuery(`a${slot}.example.net`)]]));
    }
    const conversation = overTcp(500, {}, [['client', ascii('\x01\x02nothing that anybody knows')]]);
    const fresh = detector();
    expect(feed(used, conversation)).toEqual(feed(fresh, conversation));
    expect(giveUp(used, 500)).toEqual(giveUp(fresh, 500));
  });
});

describe.skipIf(addon === null)('giving up', () => {
  it('guesses by port and says so', () => {
    const made = detector();
    feed(made, overTcp(1, { server: 22 }, [['client', ascii('not what one says here')]]));
    const guess = giveUp(made, 1);
    expect(guess).toMatchObject({ state: DpiState.GAVE_UP, app: 'SSH', confidence: 'Match by port', guessed: true });
    expect(made.memory().flows).toBe(0);
  });

  it('says nothing where there is nothing to guess by', () => {
    const made = detector();
    feed(made, overTcp(1, { server: 61234 }, [['client', ascii('not what one says here')]]));
    expect(giveUp(made, 1)).toMatchObject({ state: DpiState.GAVE_UP, master: 'Unknown', app: 'Unknown', guessed: false });
  });

  it('keeps what was seen in the content', () => {
    const made = detector();
    feed(made, overUdp(1, DNS, [['client', dnsQuery('weir.example.net')]]));
    expect(giveUp(made, 1)).toMatchObject({ state: DpiState.CLASSIFIED, app: 'DNS', guessed: false });
    expect(giveUp(made, 1).state).toBe(DpiState.SETTLED);
    expect(giveUp(made, 12345).state).toBe(DpiState.SETTLED);
  });

  it('happens by itself after maxPackets, and later packets are not looked at', () => {
    const made = detector({ maxPackets: 5 });
    const lines = Array.from({ length: 6 }, () => ['client', ascii('not what one says here')] as const);
    const states = feed(made, overTcp(1, { server: 61234 }, lines)).map(({ state }) => state);
    const { UNDECIDED, GAVE_UP, SETTLED } = DpiState;
    expect(states).toEqual([UNDECIDED, UNDECIDED, UNDECIDED, UNDECIDED, GAVE_UP, SETTLED, SETTLED, SETTLED, SETTLED]);
    expect(made.counters()).toEqual({ packets: 5, classified: 0, gaveUp: 1, heapGiveUps: 0, refused: 0 });
  });
});

describe.skipIf(addon === null)('bounds', () => {
  const unknown = (slot: number): Packet[] => overUdp(slot, { client: 40000 + slot }, [['client', ascii('not what one says here')]]);

  it('refuses more flows than maxFlows, counts them, and takes one when another is released', () => {
    const made = detector({ maxFlows: 6, shards: 2 });
    const states = feed(made, [0, 1, 2, 3, 4].flatMap(unknown)).map(({ state }) => state);
    const { UNDECIDED, NO_CAPACITY } = DpiState;
    expect(states).toEqual([UNDECIDED, UNDECIDED, UNDECIDED, NO_CAPACITY, NO_CAPACITY]);
    expect([made.memory().flows, made.counters().refused]).toEqual([3, 2]);
    made.release(1);
    expect(feed(made, unknown(4))[0]?.state).toBe(UNDECIDED);
    expect(feed(made, unknown(1))[0]?.state).toBe(NO_CAPACITY);
  });

  it('makes a released slot new', () => {
    const made = detector();
    feed(
      made,
      overUdp(1, DNS, [
        ['client', dnsQuery('weir.example.net')],
        ['server', dnsAnswer('weir.example.net')],
      ]),
    );
    expect(feed(made, unknown(1))[0]?.state).toBe(DpiState.SETTLED);
    made.release(1);
    expect(feed(made, unknown(1))[0]?.state).toBe(DpiState.UNDECIDED);
    made.release(1);
    made.release(99);
    expect(made.memory().flows).toBe(0);
  });

  // Other versions keep what they keep.
  it.runIf(addon?.version.startsWith('4.2'))('keeps of a flow that says nothing its structure and hardly more (libndpi 4.2)', () => {
    const made = detector();
    for (let slot = 0; slot < 100; slot++) feed(made, overTcp(slot, { client: 41_000 + slot }, [['client', Array(1203).fill(0)]]));
    const { flows, flowBytes, flowStructBytes } = made.memory();
    expect(flows).toBe(100);
    expect(flowBytes).toBeLessThan(100 * (flowStructBytes + 64));
  });

  it('shows what its flows cost, and gives it back', () => {
    const made = detector();
    const before = made.memory();
    expect(before).toMatchObject({ flows: 0, peakFlows: 0 });
    expect(before.flowStructBytes).toBeGreaterThan(300);
    expect(before.moduleBytes).toBeGreaterThan(1_000_000);
    for (let slot = 0; slot < 100; slot++)
      feed(made, overTcp(slot, { client: 41000 + slot }, [['client', clientHello('weir.example.net').slice(0, 90)]]));
    const during = made.memory();
    expect(during.flows).toBe(100);
    expect(during.flowBytes).toBeGreaterThan(100 * before.flowStructBytes);
    expect(during.flowBytes).toBeLessThan(100 * (before.flowStructBytes + 4096));
    for (let slot = 0; slot < 100; slot++) made.release(slot);
    expect(made.memory()).toMatchObject({ flows: 0, peakFlows: 100, flowBytes: 0, peakFlowBytes: during.peakFlowBytes });
  });

  it('ends a flow that holds too much, with what is known of it', () => {
    const made = detector({ maxFlowHeap: 64 });
    // A whole hello tells that it is TLS; the record behind it, of which half is there, has to be kept.
    const half = [22, 3, 3, 0, 200, ...Array(100).fill(0)];
    const last = feed(made, overTcp(1, {}, [['client', [...clientHello('weir.example.net'), ...half]]])).at(-1);
    expect(last).toMatchObject({ state: DpiState.CLASSIFIED, app: 'TLS' });
    expect(made.counters()).toMatchObject({ classified: 1, heapGiveUps: 1 });
    expect(made.memory()).toMatchObject({ flows: 0, flowBytes: 0 });
  });
});

describe.skipIf(addon === null)('arguments', () => {
  it('are checked before anything is looked at', () => {
    const made = detector({ maxSlots: 10 });
    const { entries, bytes, results } = batchOf(overUdp(3, DNS, [['client', dnsQuery('weir.example.net')]]));
    const altered = (word: number, value: number) => entries.with(word, value);
    expect(() => made.process(altered(0, 10), 1, bytes, results)).toThrow(/entry 0/);
    expect(() => made.process(altered(0, -1), 1, bytes, results)).toThrow(RangeError);
    expect(() => made.process(altered(4, 1), 1, bytes, results)).toThrow(RangeError);
    expect(() => made.process(altered(5, bytes.length + 1), 1, bytes, results)).toThrow(RangeError);
    expect(() => made.process(altered(4, -1), 1, bytes, results)).toThrow(RangeError);
    expect(() => made.process(entries, 2, bytes, results)).toThrow(RangeError);
    expect(() => made.process(entries, Number.NaN, bytes, results)).toThrow(RangeError);
    expect(() => made.process(entries, 1, bytes, new Int32Array(DPI_RESULT_WORDS - 1))).toThrow(RangeError);
    expect(() => made.process(bytes as unknown as Int32Array, 1, bytes, results)).toThrow(TypeError);
    expect(() => made.giveUp(3, new Int32Array(1))).toThrow(TypeError);
    expect(made.counters().packets).toBe(0);
    expect(made.process(entries.subarray(0, 0), 0, bytes.subarray(0, 0), results.subarray(0, 0))).toBe(0);
    expect(() => detector({ maxPackets: 0 })).toThrow(RangeError);
    expect(() => detector({ maxFlows: 1.5, shards: 0 })).toThrow(RangeError);
  });

  it('may be views of shared memory', () => {
    const { entries, bytes, results } = batchOf(overUdp(3, DNS, [['client', dnsQuery('weir.example.net')]]));
    const shared = <T extends Int32Array | Uint8Array>(array: T, make: new (buffer: SharedArrayBuffer) => T): T => {
      const copy = new make(new SharedArrayBuffer(array.byteLength));
      copy.set(array);
      return copy;
    };
    const out = shared(results, Int32Array);
    expect(detector().process(shared(entries, Int32Array), 1, shared(bytes, Uint8Array), out)).toBe(1);
    expect(labelled).toContain(out[0]);
  });

  it('a closed detector says so', () => {
    const made = detector();
    made.close();
    made.close();
    expect(() => made.memory()).toThrow(/closed/);
    expect(() => feed(made, overUdp(3, DNS, [['client', dnsQuery('weir.example.net')]]))).toThrow(/closed/);
  });
});

describe.skipIf(addon === null)('any bytes', () => {
  it('are safe, whatever they are cut from', { timeout: 120_000 }, () => {
    const made = detector({ maxFlows: 50 });
    const templates = [
      ...overTcp(0, {}, [
        ['client', clientHello('weir.example.net')],
        ['client', httpRequest('weir.example.net')],
        ['server', httpResponse],
      ]),
      ...overUdp(0, DNS, [
        ['client', dnsQuery('weir.example.net')],
        ['server', dnsAnswer('weir.example.net')],
      ]),
    ].map(({ bytes }) => bytes);
    const mutated = fc
      .tuple(fc.constantFrom(...templates), fc.nat(2000), fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { maxLength: 6 }))
      .map(([template, cut, changes]) => {
        const bytes = template.slice(0, cut % (template.length + 1));
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
        return bytes;
      });
    const packet = fc.record({ slot: fc.nat(80), fromServer: fc.boolean(), bytes: fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated) });
    const states = Object.values(DpiState) as number[];
    fc.assert(
      fc.property(fc.array(packet, { maxLength: 40 }), fc.array(fc.nat(80), { maxLength: 10 }), (packets, released) => {
        for (const result of feed(made, packets)) {
          expect(states).toContain(result.state);
          expect(result.app).not.toBeNull();
        }
        for (const slot of released) made.release(slot);
        expect(made.memory().flows).toBeLessThanOrEqual(50);
      }),
      { numRuns: 500 },
    );
    for (let slot = 0; slot <= 80; slot++) made.release(slot);
    expect(made.memory()).toMatchObject({ flows: 0, flowBytes: 0 });
  });
});

describe.skipIf(addon === null)('names', () => {
  it('exist for everything, and all of them are labels of ours', () => {
    const made = detector();
    const protocols = made.protocols();
    expect(protocols.length).toBeGreaterThan(280);
    const labels = new NdpiLabels(protocols);
    for (const { id, name, category } of protocols) {
      expect(made.protocolName(id)).toBe(name);
      const label = labels.label(0, id);
      if (name === 'Unknown') expect(label).toBeNull();
      else expect(label?.protocol).toMatch(/^[a-z0-9]+(_[a-z0-9]+)*$/);
      expect(ndpiCategory(made.categoryName(category))).toMatch(/^[a-z0-9]+(_[a-z0-9]+)*$/);
    }
    expect(made.protocolName(protocols.length)).toBeNull();
  });

  it('of confidences and risks are ours too', () => {
    const made = detector();
    const confidences = Array.from({ length: 20 }, (_, id) => made.confidenceName(id));
    expect(confidences.map(ndpiConfidence)).toEqual(
      expect.arrayContaining(['unknown', 'match_by_port', 'match_by_ip', 'dpi', 'dpi_cache']),
    );
    expect(new Set(confidences.filter((_, id) => made.isGuess(id)))).toEqual(new Set(['Match by IP', 'Match by port']));
    const bits = Array.from({ length: 70 }, (_, bit) => bit).filter((bit) => made.riskName(bit) !== null);
    expect(bits.length).toBeGreaterThanOrEqual(41);
    const named = bits.filter((bit) => ndpiRisks(bit < 32 ? 1 << bit : 0, bit < 32 ? 0 : 1 << (bit - 32)).risks.length === 1);
    expect(named).toEqual(bits.filter((bit) => bit <= 56));
  });
});

it.skipIf(addon === null)('an entry and a result are as long as the header says', () => {
  expect([DPI_ENTRY_WORDS, DPI_RESULT_WORDS]).toEqual([6, 8]);
});
