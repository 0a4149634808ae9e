/** ARP frames from a capture file through the rings to what a shard reads of them. */
import { afterAll, describe, expect, it } from 'vitest';
import { FastPathState } from '../../../src/flow/fast-path.ts';
import type { FlowTable } from '../../../src/flow/table-contract.ts';
import type { Identity } from '../../../src/merge/ledger.ts';
import { buildLedger } from '../../../src/merge/ledger.ts';
import { createRing } from '../../../src/ring/create.ts';
import { COUNTER_COUNT, Counter, NotFlow, R_SOURCE, R_WIRE_LEN, RecordKind } from '../../../src/ring/layout.ts';
import { RingReader } from '../../../src/ring/reader.ts';
import { ANNOTATION_KINDS, countUnread } from '../../../src/ring/unread.ts';
import { type ArpRecord, readArp } from '../../../src/shard/arp-record.ts';
import { Drain } from '../../../src/shard/drain.ts';
import { ShardCounter } from '../../../src/shard/protocol.ts';
import * as h from '../../fixtures/headers.ts';
import { type RawFrame, spaced, writeRawCapture } from '../../rows/replay.ts';
import { until } from '../../support/command.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { EngineRun, engineOptions, fileSource, RecordReader, RING_BYTES, replay, type Taken } from './engine-run.ts';

const folder = new TemporaryFolder('arp');
afterAll(() => folder[Symbol.dispose]());

const SMALLEST = 4096;
const BROADCAST = [255, 255, 255, 255, 255, 255];
const SENDER = [2, 0, 0, 0, 0x51, 0xfe];
const TARGET = [2, 0, 0, 0, 0x52, 0];
const PADDING = h.zeros(18);

interface Message {
  operation?: number;
  hardware?: number;
  protocol?: number;
  lengths?: number[];
  senderMac?: number[];
  sender?: number[];
  targetMac?: number[];
  target?: number[];
}

function message(given: Message = {}): number[] {
  const { operation = 1, hardware = 1, protocol = 0x0800, lengths = [6, 4], senderMac = SENDER, sender = h.IP_A } = given;
  const { targetMac = h.zeros(6), target = h.IP_B } = given;
  return [...h.u16(hardware), ...h.u16(protocol), ...lengths, ...h.u16(operation), ...senderMac, ...sender, ...targetMac, ...target];
}

/** A padded frame from SENDER; to everybody unless `to` is given. */
const frame = (etherType: number, payload: number[], to = BROADCAST): number[] => [...to, ...SENDER, ...h.u16(etherType), ...payload];
const arp = (given: Message = {}, to = BROADCAST): number[] => [...frame(0x0806, message(given), to), ...PADDING];
const udp = (index: number): number[] => h.ethernet(0x0800, h.ipv4(17, h.udp(1000 + index, 53, h.zeros(index % 200))));

const reply: Message = { operation: 2, targetMac: TARGET };
const gratuitous: Message = { target: h.IP_A };
const whole = spaced([
  arp(),
  arp(reply, TARGET),
  arp(gratuitous),
  arp({ ...reply, target: h.IP_A, targetMac: BROADCAST }),
  [...frame(0x8100, h.vlanTag(5, 0x0806, message(reply)), TARGET), ...PADDING],
  frame(0x88a8, h.vlanTag(100, 0x8100, h.vlanTag(200, 0x0806, message()))),
]);
/** Counted as ARP, and not told. */
const untold: RawFrame[] = [
  ...spaced([
    arp({ hardware: 6 }),
    arp({ protocol: 0x86dd }),
    arp({ lengths: [8, 4] }),
    arp({ lengths: [6, 16] }),
    arp({ operation: 3 }),
    arp({ operation: 0x0201 }),
    [...frame(0x8035, message(reply)), ...PADDING],
    frame(0x0806, []),
  ]),
  { ...spaced([arp().slice(0, 41)])[0], wireLength: 60 },
  { ...spaced([frame(0x8100, h.vlanTag(5, 0x0806, message())).slice(0, 45)])[0], wireLength: 60 },
];
/** The message is whole; the padding behind it is not. */
const cutPadding: RawFrame = { ...spaced([arp().slice(0, 42)])[0], wireLength: 60 };

/** No flow is looked at here. */
const noTable: FlowTable = { usual: () => 0, packet() {}, outer() {}, icmpError: () => false };

interface Told {
  run: EngineRun;
  rings: Uint8Array[];
  /** What each shard was told, beside the wire length and the source of the records. */
  told: (ArpRecord & { wire: number; source: number })[][];
  tallies: Float64Array[];
}

interface Given {
  shards?: number;
  isOn?: boolean;
  isHeard?: boolean;
}

const capture = (frames: readonly RawFrame[]): string => writeRawCapture(folder.file('arp.pcap'), 1, frames, true);

/** Runs the engine over frames into rings that hold everything, and drains each as its shard would. */
async function tell(frames: readonly RawFrame[], { shards = 1, isOn = true, isHeard = true }: Given = {}): Promise<Told> {
  const rings = Array.from({ length: shards }, () => createRing(RING_BYTES));
  const run = new EngineRun(
    engineOptions([fileSource(capture(frames))], { shards, rings: [rings], tap: null, tickMs: 86_400_000, arp: isOn }),
  );
  run.engine.start();
  expect(await run.finished).toBe('eof');
  const tallies = rings.map(() => new Float64Array(ShardCounter.SLOTS));
  const told = rings.map((ring, shard) => {
    const heard: Told['told'][number] = [];
    const hear = (rec: RingReader, o: number) =>
      heard.push({ ...readArp(rec, o), wire: rec.u32[(o + R_WIRE_LEN) >> 2], source: rec.u16[(o + R_SOURCE) >> 1] });
    const drain = new Drain(
      tallies[shard],
      new Float64Array(ShardCounter.SLOTS),
      new FastPathState(() => null),
      null,
      isHeard ? { arp: hear, datagram() {} } : null,
    );
    const reader = new RingReader(ring);
    reader.refresh();
    drain.run(reader, noTable, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
    return heard;
  });
  return { run, rings, told, tallies };
}

function annotations({ engine }: EngineRun, shards: Float64Array[], lostAnnotations = 0): Identity {
  const counters = new Float64Array(COUNTER_COUNT);
  engine.readCounters(counters);
  const lost = { packets: 0, bytes: 0, annotations: lostAnnotations, flows: 0, outerFlows: 0, flowPackets: 0, flowBytes: 0 };
  const off = { live: false, pcap: false, records: false, tap: false, recall: false };
  const ledger = buildLedger({ ...off, engine: counters, shards, lost, rowsTaken: 0, entriesTaken: 0, tapTaken: 0 });
  return ledger.identities.find(({ name }) => name === 'annotations')!;
}

function notFlow({ engine }: EngineRun): number {
  const counters = new Float64Array(COUNTER_COUNT);
  engine.readCounters(counters);
  return counters[Counter.NOT_FLOW + NotFlow.ARP];
}

const latin = (bytes: number[]): string => String.fromCharCode(...bytes);

describe('ARP records', () => {
  const request = {
    operation: 1,
    frameSource: '02:00:00:00:51:fe',
    frameTarget: 'ff:ff:ff:ff:ff:ff',
    senderMac: '02:00:00:00:51:fe',
    senderAddress: latin(h.IP_A),
    targetMac: '00:00:00:00:00:00',
    targetAddress: latin(h.IP_B),
    wire: 60,
    source: 0,
  };
  const answer = { ...request, operation: 2, frameTarget: '02:00:00:00:52:00', targetMac: '02:00:00:00:52:00' };

  it('tell requests, replies and announcements, with and without tags', async () => {
    const { told } = await tell(whole);
    expect(told[0]).toEqual([
      { ...request, at: 0, ordinal: 1 },
      { ...answer, at: 1e6, ordinal: 2 },
      { ...request, at: 2e6, ordinal: 3, targetAddress: latin(h.IP_A) },
      { ...request, at: 3e6, ordinal: 4, operation: 2, targetMac: 'ff:ff:ff:ff:ff:ff', targetAddress: latin(h.IP_A) },
      { ...answer, at: 4e6, ordinal: 5, wire: 64 },
      { ...request, at: 5e6, ordinal: 6, wire: 50 },
    ]);
  });

  it('keep the link header apart from what the sender claims', async () => {
    const { told } = await tell(spaced([arp({ senderMac: TARGET, sender: [192, 0, 2, 255] })]));
    const claim = { frameSource: '02:00:00:00:51:fe', senderMac: '02:00:00:00:52:00', senderAddress: '\xc0\x00\x02\xff' };
    expect(told[0]).toEqual([expect.objectContaining(claim)]);
  });

  it('tell nothing of other kinds and of messages that were cut, which stay counted as ARP', async () => {
    const { run, told, tallies } = await tell([...untold, cutPadding]);
    expect(told[0].map(({ ordinal }) => ordinal)).toEqual([untold.length + 1]);
    expect([notFlow(run), run.count('CARRIED_ARP'), tallies[0][ShardCounter.ARP_DEQUEUED]]).toEqual([untold.length + 1, 1, 1]);
  });

  it('are not written unless asked for, and the frames are accounted the same', async () => {
    const [off, on] = [await tell(whole, { isOn: false }), await tell(whole)];
    expect([off.run.count('CARRIED_ARP'), off.told]).toEqual([0, [[]]]);
    expect([notFlow(off.run), notFlow(on.run)]).toEqual([whole.length, whole.length]);
    for (const { run } of [off, on]) expect([run.count('DELIVERED'), run.count('ENQUEUED')]).toEqual([whole.length, 0]);
  });
});

describe('with several shards', () => {
  const frames = spaced(
    Array.from({ length: 400 }, (_, index) => (index % 3 === 0 ? arp({ sender: [10, 0, index >> 8, index & 255] }) : udp(index))),
  );

  it('one of them is told all of it, in order, whatever their number', async () => {
    const [one, two, five] = [await tell(frames), await tell(frames, { shards: 2 }), await tell(frames, { shards: 5 })];
    expect(one.told[0].map(({ ordinal }) => ordinal)).toEqual(Array.from({ length: 134 }, (_, index) => 1 + 3 * index));
    expect(two.told).toEqual([one.told[0], []]);
    expect(five.told).toEqual([one.told[0], [], [], [], []]);
    expect(two.tallies[1][ShardCounter.DEQUEUED]).toBeGreaterThan(0);
  });

  it.each([true, false])('the ledger counts them: heard %s', async (isHeard) => {
    for (const shards of [1, 2]) {
      const { run, tallies } = await tell(frames, { shards, isHeard });
      expect(annotations(run, tallies)).toMatchObject({ holds: true, left: { value: 134 } });
      tallies[0][ShardCounter.ARP_DEQUEUED]--;
      expect(annotations(run, tallies).holds).toBe(false);
    }
  });
});

describe('a flood of ARP', () => {
  const COUNT = 2000;
  const flood = spaced(Array.from({ length: COUNT }, (_, index) => arp({ sender: [10, 0, index >> 8, index & 255] })));
  const isArp = ({ kind }: Taken) => kind === RecordKind.ARP;

  it('fills the ring of one shard and is dropped beyond it, counted', async () => {
    const rings = [createRing(SMALLEST), createRing(SMALLEST)];
    const fault = { seed: 1, dropWhenFull: true };
    const options = engineOptions([fileSource(capture(flood))], { shards: 2, rings: [rings], tap: null, arp: true, fault });
    const run = new EngineRun(options);
    run.engine.start();
    await until('every frame', () => notFlow(run) === COUNT && run.count('CARRIED_ARP') === COUNT);
    // The record, 28 bytes of message and 4 of padding; an eighth of the ring is kept free for control records.
    const kept = Math.floor((SMALLEST - SMALLEST / 8) / 208);
    await until('the last drop', () => run.count('ANNOTATIONS_DROPPED') === COUNT - kept);
    const unread = [...countUnread(rings[0])];
    expect(unread).toEqual(Array.from({ length: kept }, () => ({ kind: RecordKind.ARP, wireLen: 60 })));
    expect(ANNOTATION_KINDS.has(RecordKind.ARP)).toBe(true);
    expect(annotations(run, [], unread.length).holds).toBe(true);
    const readers = rings.map((ring) => new RecordReader(ring));
    const taken: Taken[] = [];
    await until('the END records', () => {
      for (const reader of readers) taken.push(...reader.take());
      return readers.every(({ hasEnded }) => hasEnded);
    });
    expect(await run.finished).toBe('eof');
    expect(taken.filter(isArp).map(({ ordinal }) => ordinal)).toEqual(Array.from({ length: kept }, (_, index) => index + 1));
    expect([run.count('RING_DROPPED'), run.count('ENQUEUED')]).toEqual([0, 0]);
  });

  it('is told whole by a replay, which waits for the shard', async () => {
    const rings = [createRing(SMALLEST), createRing(SMALLEST)];
    const { run, records } = await replay(engineOptions([fileSource(capture(flood))], { shards: 2, rings: [rings], tap: null, arp: true }));
    expect(records.map((taken) => taken.filter(isArp).length)).toEqual([COUNT, 0]);
    expect(records[0].filter(isArp).every(({ bytes }) => bytes.length === 28)).toBe(true);
    expect([run.count('ANNOTATIONS_DROPPED'), run.count('CARRIED_ARP')]).toEqual([0, COUNT]);
  });
});
