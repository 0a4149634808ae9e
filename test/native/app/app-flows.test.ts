/** What the native flows are made of, checked when they are made; and records that are not in their ring. */
import { describe, expect, it } from 'vitest';
import * as row from '../../../src/flow/row.ts';
import { type AppFlowsMemory, AppReader, AppWord, Offered } from '../../../src/native/app-flows.ts';
import { loadAddon } from '../../../src/native/load.ts';
import { R_CARRIED, R_L3_OFF, R_LENGTH, R_PAYLOAD_LEN, R_PAYLOAD_OFF, R_PROTOCOL, RECORD_BYTES } from '../../../src/ring/layout.ts';
import { ShardCounter } from '../../../src/shard/protocol.ts';

const { AppFlows } = loadAddon();
const ROWS = 3;
const COLD = row.F_ISN_B + 4 - row.HOT_BYTES;
const RING = 2048;
const UDP = 17;
/** A question for a.example (RFC 1035). */
const QUESTION = Uint8Array.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 97, 7, ...Buffer.from('example'), 0, 0, 1, 0, 1]);

function memory(changes: object = {}): AppFlowsMemory {
  const datagramPorts = new Uint8Array(65_536);
  datagramPorts[53] = AppReader.DNS;
  const words = new Int32Array(AppWord.COUNT);
  words[AppWord.ENABLED] = 1;
  return {
    rings: [new Uint8Array(RING)],
    hot: new Uint8Array(ROWS * row.HOT_BYTES),
    cold: new Uint8Array(ROWS * COLD),
    coldBytes: COLD,
    tally: new Float64Array(ShardCounter.SLOTS),
    states: new Uint8Array(ROWS),
    streamPorts: new Uint8Array(65_536),
    datagramPorts,
    words,
    tags: new Int32Array(16),
    ...changes,
  };
}

describe('native flows are not made of', () => {
  const wrong: [keyof AppFlowsMemory, string, unknown][] = [
    ['hot', 'less than a row', new Uint8Array(row.HOT_BYTES - 1)],
    ['hot', 'other numbers', new Int32Array(row.HOT_BYTES)],
    ['cold', 'nothing', new Uint8Array(0)],
    ['coldBytes', 'too short a half', COLD - 1],
    ['coldBytes', 'text', '128'],
    ['tally', 'too few counters', new Float64Array(ShardCounter.SLOTS - 1)],
    ['tally', 'other numbers', new Float32Array(ShardCounter.SLOTS)],
    ['states', 'nothing', new Uint8Array(0)],
    ['streamPorts', 'a port too few', new Uint8Array(65_535)],
    ['datagramPorts', 'a port too few', new Uint8Array(65_535)],
    ['words', 'a word too few', new Int32Array(AppWord.COUNT - 1)],
    ['tags', 'nothing', new Int32Array(0)],
    ['tags', 'three', new Int32Array(3)],
    ['tags', 'other numbers', new Uint32Array(16)],
    ['rings', 'one that is in no list', new Uint8Array(RING)],
    ['rings', 'other numbers in the list', [new Int32Array(RING)]],
  ];
  it.each(wrong)('%s: %s', (name, _, value) => {
    const made = () => new AppFlows(memory({ [name]: value }));
    expect(made).toThrow(TypeError);
    expect(made).toThrow(`AppFlows: wrong ${name}`);
  });

  it.each(Object.keys(memory()))('%s: missing', (name) => {
    for (const value of [undefined, null]) expect(() => new AppFlows(memory({ [name]: value }))).toThrow(`AppFlows: wrong ${name}`);
  });

  it('nothing at all', () => {
    for (const options of [undefined, null, 5]) expect(() => new AppFlows(options as never)).toThrow(TypeError);
  });
});

/** A question in a ring at an offset, for a flow in each row. */
function asked(at: number, length = RECORD_BYTES + QUESTION.length, rings = 1) {
  const parts = memory({ rings: Array.from({ length: rings }, () => new Uint8Array(RING)) });
  const { hot, tally, states, words } = parts;
  const ring = parts.rings[rings - 1];
  const view = new DataView(hot.buffer);
  for (let slot = 0; slot < ROWS; slot++) {
    view.setUint16(slot * row.HOT_BYTES + row.F_PORT_A, 40_000, true);
    view.setUint16(slot * row.HOT_BYTES + row.F_PORT_B, 53, true);
    view.setUint8(slot * row.HOT_BYTES + row.F_PROTOCOL, UDP);
    view.setFloat64(slot * row.HOT_BYTES + row.F_PAYLOAD_A, QUESTION.length, true);
  }
  if (at + RECORD_BYTES <= RING) {
    const record = new DataView(ring.buffer, at);
    record.setUint32(R_LENGTH, length, true);
    record.setUint8(R_PROTOCOL, UDP);
    record.setUint32(R_CARRIED, QUESTION.length, true);
    record.setUint32(R_PAYLOAD_LEN, QUESTION.length, true);
    record.setUint16(R_L3_OFF, 42, true);
    record.setUint16(R_PAYLOAD_OFF, 42, true);
    ring.set(QUESTION.subarray(0, RING - at - RECORD_BYTES), at + RECORD_BYTES);
  }
  return { flows: new AppFlows(parts), tally, states, words };
}

describe('a record', () => {
  const LAST = RING - 208;

  it.each([0, 256, LAST])('at %i, within the ring, is taken', (at) => {
    const { flows, tally, states } = asked(at, 208);
    expect(flows.offer(0, at, 1, 0)).toBe(Offered.TAKEN);
    expect([...states]).toEqual([0, 0x80 | AppReader.DNS, 0]);
    expect(tally[ShardCounter.APP_PACKETS]).toBe(1);
    const released = flows.release(1);
    expect(released?.bytes).toEqual(QUESTION);
    expect([...(released?.events ?? [])]).toEqual([0, QUESTION.length, 0, 0]);
    expect([released?.client, released?.reported]).toEqual([0, 1]);
    expect(flows.release(1)).toBeNull();
  });

  it('is in the ring of its number', () => {
    const { flows } = asked(64, 208, 3);
    for (const ring of [0, 1, 3, -1, 2 ** 32]) expect(flows.offer(ring, 64, 0, 0)).toBe(Offered.DECLINED);
    expect(flows.offer(2, 64, 0, 0)).toBe(Offered.TAKEN);
  });

  it.each([
    ['is longer than the rest of the ring', LAST + 8, 208],
    ['is longer than anything', 256, 0xffff_ffff],
    ['begins too late', RING - RECORD_BYTES + 8, 208],
    ['begins at the end', RING, 208],
    ['begins behind the end', RING + 8, 208],
    ['begins far away', 0xffff_fff8, 208],
    ['begins before the ring', -8, 208],
    ['begins between two places', 260, 208],
    ['is shorter than what it carries', 256, RECORD_BYTES + QUESTION.length - 1],
  ])('that %s is declined', (_, at, length) => {
    const { flows, tally, states } = asked(at >= 0 && at % 8 === 0 ? at : 256, length);
    expect(flows.offer(0, at, 1, 0)).toBe(Offered.DECLINED);
    expect([...states]).toEqual([0, 0, 0]);
    expect(tally.every((count) => count === 0)).toBe(true);
  });

  it('of a row that is not there is declined, and nothing is known of such a row', () => {
    const { flows } = asked(256, 208);
    for (const slot of [ROWS, -1, 2 ** 31, 2 ** 32 - 1, Number.NaN].filter((number) => number >>> 0 >= ROWS)) {
      expect(flows.offer(0, 256, slot, 0)).toBe(Offered.DECLINED);
      expect(flows.conclude(slot)).toBe(Offered.DECLINED);
      expect(flows.release(slot)).toBeNull();
      flows.forget(slot);
    }
    expect(flows.oldest()).toBe(-1);
  });

  it('of a whole flow makes its note, until the row is another flow', () => {
    const { flows, states } = asked(256, 208);
    flows.offer(0, 256, 2, 0);
    expect([flows.oldest(), flows.note(2)]).toEqual([2, '']);
    expect(flows.conclude(2)).toBe(Offered.DONE);
    expect(states[2]).toBe(0x40 | AppReader.DNS);
    expect(JSON.parse(flows.note(2))).toMatchObject({ service: 'dns', host: 'a.example', dns: { queries: 1, responses: 0 } });
    expect([flows.oldest(), flows.conclude(2)]).toEqual([-1, Offered.DECLINED]);
    flows.forget(2);
    expect([states[2], flows.note(2)]).toEqual([0, '']);
  });
});
