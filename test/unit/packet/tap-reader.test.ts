import { describe, expect, it } from 'vitest';
import { type TapPacket, TapReader } from '../../../src/packet/tap-reader.ts';
import * as L from '../../../src/ring/layout.ts';

const CAPACITY = 4096;

/** A producer in TypeScript: writes records as a capture thread does, PAD at the end of the area included. */
class Producer {
  readonly ring: Uint8Array;
  readonly #view: DataView;
  #write: number;
  #seq = 0;

  constructor(startAt = 0) {
    const memory = new SharedArrayBuffer(L.RING_HEADER_BYTES + CAPACITY);
    this.ring = new Uint8Array(memory);
    this.#view = new DataView(memory);
    this.#view.setUint32(L.RING_AT_CAPACITY, CAPACITY, true);
    this.#view.setUint32(L.RING_AT_READ_POS, startAt, true);
    this.#view.setUint32(L.RING_AT_WRITE_POS, startAt, true);
    this.#write = startAt;
  }

  word(at: number): number {
    return this.#view.getUint32(at, true);
  }

  close(): void {
    this.#view.setUint32(L.RING_AT_CLOSED, 1, true);
  }

  /** Loses a record, as a defect would. */
  skipSequence(): void {
    this.#seq++;
  }

  /** False when the ring is full. */
  write(kind: number, ordinal: number, streamNs: number, bytes: Uint8Array = new Uint8Array(), sackCount = 0): boolean {
    const length = (L.RECORD_BYTES + sackCount * 8 + bytes.length + 7) & ~7;
    const toEnd = CAPACITY - (this.#write % CAPACITY);
    const pad = length > toEnd ? toEnd : 0;
    if ((this.#write + pad + length - this.word(L.RING_AT_READ_POS)) >>> 0 > CAPACITY) return false;
    if (pad > 0) this.#begin(pad, L.RecordKind.PAD);
    const at = this.#begin(length, kind);
    this.#view.setUint32(at + L.R_CARRIED, bytes.length, true);
    this.#view.setFloat64(at + L.R_ORDINAL, ordinal, true);
    this.#view.setFloat64(at + L.R_STREAM_NS, streamNs, true);
    this.#view.setBigInt64(at + L.R_RAW_SEC, -5n, true);
    this.#view.setUint32(at + L.R_RAW_NSEC, 17, true);
    this.#view.setUint16(at + L.R_SOURCE, 3, true);
    this.#view.setUint16(at + L.R_LINK_TYPE, 113, true);
    this.#view.setUint32(at + L.R_WIRE_LEN, 1500, true);
    this.#view.setUint32(at + L.R_CAP_LEN, bytes.length, true);
    this.#view.setUint8(at + L.R_SACK_COUNT, sackCount);
    this.#view.setUint8(at + L.R_LAYER, L.TapReason.SAMPLE);
    this.ring.set(bytes, at + L.RECORD_BYTES + sackCount * 8);
    return true;
  }

  #begin(length: number, kind: number): number {
    const at = L.RING_HEADER_BYTES + (this.#write % CAPACITY);
    this.#view.setUint32(at + L.R_LENGTH, length, true);
    this.#view.setUint8(at + L.R_KIND, kind);
    this.#view.setUint32(at + L.R_RING_SEQ, this.#seq++, true);
    this.#write = (this.#write + length) >>> 0;
    return at;
  }

  publish(): void {
    this.#view.setUint32(L.RING_AT_WRITE_POS, this.#write, true);
  }
}

function drained(reader: TapReader, maxFrames = 1000): TapPacket[] {
  const packets: TapPacket[] = [];
  reader.drain(maxFrames, (packet) => packets.push(packet));
  return packets;
}

const { FRAME, PACKET, TICK, END, OUTER } = L.RecordKind;

describe('tap reader', () => {
  it('hands over what the record says about a frame, and its bytes behind the SACK tail', () => {
    const producer = new Producer();
    producer.write(PACKET, 12, 34, Uint8Array.of(1, 2, 3), 2);
    producer.publish();
    expect(drained(new TapReader([producer.ring]))).toEqual([
      {
        ordinal: 12,
        sec: -5,
        nsec: 17,
        streamNs: 34,
        source: 3,
        linkType: 113,
        wireLength: 1500,
        capturedLength: 3,
        frame: Uint8Array.of(1, 2, 3),
        selected: L.TapReason.SAMPLE,
      },
    ]);
  });

  it('steps over ticks and annotations, and ends with END', () => {
    const producer = new Producer();
    for (const [index, kind] of [FRAME, TICK, OUTER, PACKET, END].entries()) producer.write(kind, index, index);
    producer.publish();
    const reader = new TapReader([producer.ring]);
    expect(drained(reader).map(({ ordinal }) => ordinal)).toEqual([0, 3]);
    expect(reader.ended).toBe(true);
    expect(producer.word(L.RING_AT_READ_POS)).toBe(producer.word(L.RING_AT_WRITE_POS));
  });

  it('ends when the producer closed without END', () => {
    const producer = new Producer();
    producer.write(FRAME, 1, 1);
    producer.publish();
    producer.close();
    const reader = new TapReader([producer.ring]);
    expect(reader.ended).toBe(false);
    expect(drained(reader)).toHaveLength(1);
    expect(reader.ended).toBe(true);
  });

  it('reads only what was published, and no more frames than asked', () => {
    const producer = new Producer();
    for (let ordinal = 1; ordinal <= 3; ordinal++) producer.write(FRAME, ordinal, ordinal);
    const reader = new TapReader([producer.ring]);
    expect(drained(reader)).toEqual([]);
    producer.publish();
    expect(drained(reader, 2)).toHaveLength(2);
    expect(drained(reader, 2)).toHaveLength(1);
  });

  it('merges rings by stream time', () => {
    const [left, right] = [new Producer(), new Producer()];
    for (const time of [1, 4, 5]) left.write(FRAME, time, time);
    for (const time of [2, 3, 5, 6]) right.write(FRAME, time + 100, time);
    left.publish();
    right.publish();
    expect(drained(new TapReader([left.ring, right.ring])).map(({ ordinal }) => ordinal)).toEqual([1, 102, 103, 4, 5, 105, 106]);
  });

  it('delivers every byte through wraps of the area and of the 32-bit position', () => {
    const producer = new Producer(2 ** 32 - 3 * CAPACITY);
    const reader = new TapReader([producer.ring]);
    const expected: number[] = [];
    const received: number[] = [];
    for (let ordinal = 1; ordinal <= 400; ordinal++) {
      const bytes = new Uint8Array((ordinal * 37) % 700).fill(ordinal);
      while (!producer.write(FRAME, ordinal, ordinal, bytes)) {
        producer.publish();
        reader.drain(5, ({ frame }) => received.push(frame.length, frame[0] ?? -1, frame.at(-1) ?? -1));
      }
      expected.push(bytes.length, bytes[0] ?? -1, bytes.at(-1) ?? -1);
    }
    producer.publish();
    reader.drain(1000, ({ frame }) => received.push(frame.length, frame[0] ?? -1, frame.at(-1) ?? -1));
    expect(producer.word(L.RING_AT_WRITE_POS)).toBeLessThan(2 ** 31);
    expect(received).toEqual(expected);
  });

  it('gives bytes that stay when the ring is written again', () => {
    const producer = new Producer();
    const reader = new TapReader([producer.ring]);
    producer.write(FRAME, 1, 1, Uint8Array.of(9, 9));
    producer.publish();
    const [packet] = drained(reader);
    producer.ring.fill(0, L.RING_HEADER_BYTES);
    expect(packet?.frame).toEqual(Uint8Array.of(9, 9));
  });

  it('gives room back even when a receiver throws', () => {
    const producer = new Producer();
    producer.write(FRAME, 1, 1);
    producer.write(FRAME, 2, 2);
    producer.publish();
    const reader = new TapReader([producer.ring]);
    const failing = () => {
      throw new Error('receiver');
    };
    expect(() => reader.drain(10, failing)).toThrow('receiver');
    expect(drained(reader).map(({ ordinal }) => ordinal)).toEqual([2]);
    expect(producer.word(L.RING_AT_READ_POS)).toBe(producer.word(L.RING_AT_WRITE_POS));
  });

  it('asserts the sequence of records', () => {
    const producer = new Producer();
    producer.write(FRAME, 1, 1);
    producer.skipSequence();
    producer.write(FRAME, 2, 2);
    producer.publish();
    expect(() => drained(new TapReader([producer.ring]))).toThrow('out of step');
  });

  it('asks to be woken only when there is nothing', () => {
    const producer = new Producer();
    const reader = new TapReader([producer.ring]);
    reader.attach(42);
    expect(producer.word(L.RING_AT_WAKER_ID)).toBe(42);
    expect(reader.sleep()).toBe(true);
    expect(producer.word(L.RING_AT_SLEEPING)).toBe(1);
    producer.write(FRAME, 1, 1);
    producer.publish();
    expect(reader.sleep()).toBe(false);
    expect(producer.word(L.RING_AT_SLEEPING)).toBe(0);
  });
});
