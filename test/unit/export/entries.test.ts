/** Entries with notes of any length on their way: outbox, order of a tick, split from side records, sorted on exit. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntryBatch } from '../../../src/export/entry-batch.ts';
import { EntrySorter } from '../../../src/export/entry-sorter.ts';
import {
  batchEnd,
  entriesFor,
  entryLength,
  LARGEST_ENTRY,
  NOTE_LIMIT,
  noteBytes,
  rowOffsets,
  splitSides,
} from '../../../src/flow/entry.ts';
import { flowIdOfRow } from '../../../src/flow/flow-id.ts';
import { E_SIDE_SEQ, F_PORT_A, F_RECORD_KIND, OUTBOX_ENTRY_BYTES, RecordForm } from '../../../src/flow/row.ts';
import { rowView } from '../../../src/flow/row-view.ts';
import { orderedPieces } from '../../../src/merge/tick-rows.ts';
import { createOutbox, OutboxReader, OutboxWriter } from '../../../src/shard/outbox.ts';
import { Control } from '../../../src/shard/protocol.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { context, entry, noted, type RowSpec } from '../records/row-fixture.ts';

const CONTEXT = context();

/** Notes around every edge of an entry, and any others. */
const noteLength = fc.oneof(fc.constantFrom(0, 1, 511, 512, 513, 1024, NOTE_LIMIT - 1, NOTE_LIMIT), fc.nat(NOTE_LIMIT));

/** A note that can be told from every other. */
const noteOf = (length: number, index: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + index * 7) & 255);

function built(length: number, index: number, spec: RowSpec & { form?: number; sideSeq?: number } = {}): Uint8Array {
  const bytes = noted(entry({ ordinal: index + 1, portA: index + 1, ...spec }), noteOf(length, index));
  bytes[F_RECORD_KIND] = spec.form ?? RecordForm.FINAL;
  new DataView(bytes.buffer).setUint32(E_SIDE_SEQ, spec.sideSeq ?? 0, true);
  return bytes;
}

const joined = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;
const idOf = (bytes: Uint8Array, offset: number) => flowIdOfRow(rowView(bytes), offset, CONTEXT);

describe('an entry', () => {
  it('is as long as its note says, and gives the note back', () => {
    fc.assert(
      fc.property(fc.array(noteLength, { maxLength: 6 }), (lengths) => {
        const all = joined(lengths.map((length, i) => built(length, i)));
        const offsets = [...rowOffsets(all)];
        expect(offsets).toHaveLength(lengths.length);
        lengths.forEach((length, i) => {
          expect(entryLength(all, offsets[i])).toBe(entriesFor(length) * OUTBOX_ENTRY_BYTES);
          expect(same(noteBytes(all, offsets[i]), noteOf(length, i))).toBe(true);
        });
      }),
    );
    expect(LARGEST_ENTRY).toBe(built(NOTE_LIMIT, 0).length);
  });

  it('whose note is cut off has none', () => {
    expect(noteBytes(built(600, 0).subarray(0, 2 * OUTBOX_ENTRY_BYTES), 0)).toHaveLength(0);
  });

  it('is never cut by a batch', () => {
    const all = joined([600, 0, 0, 20].map((length, i) => built(length, i)));
    expect(batchEnd(all, 0, 1)).toEqual({ end: 3 * OUTBOX_ENTRY_BYTES, rows: 1 });
    expect(batchEnd(all, 3 * OUTBOX_ENTRY_BYTES, 2)).toEqual({ end: 5 * OUTBOX_ENTRY_BYTES, rows: 2 });
    expect(batchEnd(all, 5 * OUTBOX_ENTRY_BYTES, 9)).toEqual({ end: all.length, rows: 1 });
  });
});

describe('a batch of entries', () => {
  it('takes the largest entry when it is empty, and no more than it holds', () => {
    const batch = new EntryBatch(4);
    const large = built(NOTE_LIMIT, 0);
    expect([batch.isEmpty, batch.fits(large.length)]).toEqual([true, true]);
    batch.add(large, 0, large.length);
    expect([batch.isEmpty, batch.fits(OUTBOX_ENTRY_BYTES)]).toEqual([false, false]);
    expect(same(batch.take(), large)).toBe(true);
    expect([batch.isEmpty, batch.fits(large.length)]).toEqual([true, true]);
  });

  it('takes no more rows than asked for', () => {
    const batch = new EntryBatch(2);
    for (let i = 0; i < 2; i++) batch.add(built(0, i), 0, OUTBOX_ENTRY_BYTES);
    expect(batch.fits(OUTBOX_ENTRY_BYTES)).toBe(false);
  });
});

const forms = fc.constantFrom(RecordForm.FINAL, RecordForm.INTERIM, RecordForm.TRANSACTION, RecordForm.EVENT);

describe('flow records and the records beside them', () => {
  it('are told apart, each in their order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(noteLength, forms), { maxLength: 10 }), (list) => {
        const entries = list.map(([length, form], i) => ({ form, bytes: built(length, i, { form }) }));
        const { records, sides } = splitSides(joined(entries.map(({ bytes }) => bytes)));
        const isSide = (form: number) => form === RecordForm.TRANSACTION || form === RecordForm.EVENT;
        expect(same(records, joined(entries.flatMap(({ form, bytes }) => (isSide(form) ? [] : [bytes]))))).toBe(true);
        expect(same(sides, joined(entries.flatMap(({ form, bytes }) => (isSide(form) ? [bytes] : []))))).toBe(true);
      }),
    );
  });
});

const inOrder = (chunks: Uint8Array[], pieceBytes = 1): Uint8Array =>
  joined(Array.from(orderedPieces(chunks, idOf, pieceBytes), (piece) => piece.slice()));

describe('the order of a tick', () => {
  it('is end time, then flow; of one flow transactions, events, interims, the final', () => {
    const at = (form: number, last: number, extra: RowSpec & { sideSeq?: number } = {}) =>
      built(700, 0, { form, last: last * 1e9, portA: 1, ...extra });
    const expected = [
      at(RecordForm.FINAL, 1, { portA: 9, ordinal: 9 }),
      at(RecordForm.TRANSACTION, 2, { sideSeq: 1 }),
      at(RecordForm.TRANSACTION, 2, { sideSeq: 4 }),
      at(RecordForm.EVENT, 2, { sideSeq: 2 }),
      at(RecordForm.EVENT, 2, { sideSeq: 3 }),
      at(RecordForm.INTERIM, 2, { interimSeq: 1 }),
      at(RecordForm.INTERIM, 2, { interimSeq: 2 }),
      at(RecordForm.FINAL, 2, { interimSeq: 2 }),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray(expected, { minLength: expected.length }), (shuffled) => {
        expect(same(inOrder(shuffled), joined(expected))).toBe(true);
      }),
    );
  });

  it('does not depend on how entries fell on shards, whatever their notes', () => {
    const flow = fc.record({ length: noteLength, last: fc.nat(3), shard: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(flow, { maxLength: 12 }), (flows) => {
        const entries = flows.map(({ length, last }, i) => built(length, i, { last }));
        const shards = [0, 1, 2, 3].map((shard) => joined(entries.filter((_, i) => flows[i].shard === shard)));
        expect(same(inOrder(shards), inOrder([joined(entries.toReversed())], 4096))).toBe(true);
      }),
    );
  });
});

async function sortedFrom(entries: Uint8Array[], memoryBytes: number): Promise<{ bytes: Uint8Array; runs: number }> {
  using folder = new TemporaryFolder('entries');
  const sorter = new EntrySorter({ memoryBytes, directory: folder.path, maxRuns: 3 });
  let runs = 0;
  for (const bytes of entries) {
    await sorter.add(bytes, CONTEXT);
    runs = Math.max(runs, sorter.runs);
  }
  const parts: Uint8Array[] = [];
  for await (const batch of sorter.sorted(CONTEXT, 4)) parts.push(batch.slice());
  await sorter.close();
  return { bytes: joined(parts), runs };
}

describe('the export on exit', () => {
  it('comes out of memory and of runs on disk the same, every note whole', async () => {
    const flow = fc.record({ length: noteLength, bytes: fc.nat(5) });
    await fc.assert(
      fc.asyncProperty(fc.array(flow, { minLength: 2, maxLength: 24 }), async (flows) => {
        const entries = flows.map(({ length, bytes }, i) => built(length, i, { bytesA: bytes * 1000 }));
        const inMemory = await sortedFrom(entries, 1 << 24);
        const spilled = await sortedFrom(entries.toReversed(), 4096);
        expect(inMemory.runs).toBe(0);
        expect(inMemory.bytes.length).toBe(entries.reduce((sum, { length }) => sum + length, 0));
        expect(same(spilled.bytes, inMemory.bytes)).toBe(true);
        for (const at of rowOffsets(inMemory.bytes)) {
          const index = rowView(inMemory.bytes).view.getUint16(at + F_PORT_A, true) - 1;
          expect(same(noteBytes(inMemory.bytes, at), noteOf(flows[index].length, index))).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
    expect((await sortedFrom([built(5000, 0), built(5000, 1)], 4096)).runs).toBe(1);
  });
});

/** The two ends of an outbox, and entries written as a shard does. */
class Link {
  readonly capacity: number;
  private readonly writer: OutboxWriter;
  private readonly reader: OutboxReader;

  constructor(capacity: number, counted = 0) {
    this.capacity = capacity;
    const outbox = createOutbox(capacity);
    const control = new SharedArrayBuffer(4 * Control.WORDS);
    const words = new Int32Array(control);
    words[Control.ENTRIES_WRITTEN] = counted;
    words[Control.ENTRIES_TAKEN] = counted;
    this.writer = new OutboxWriter(outbox, control);
    this.reader = new OutboxReader(outbox, control);
  }

  /** False when there is no room. */
  write(bytes: Uint8Array): boolean {
    const entries = bytes.length / OUTBOX_ENTRY_BYTES;
    if (this.writer.reserve(entries) < 0) return false;
    for (let i = 0; i < entries; i++) {
      this.writer.bytes.set(bytes.subarray(i * OUTBOX_ENTRY_BYTES, (i + 1) * OUTBOX_ENTRY_BYTES), this.writer.offsetOf(i));
    }
    this.writer.publish(entries);
    return true;
  }

  read(): Uint8Array {
    const spans = this.reader.spans(this.writer.entriesWritten);
    const parts = spans.map(({ bytes, start, count }) => bytes.slice(start, start + count * OUTBOX_ENTRY_BYTES));
    this.reader.release(spans.reduce((sum, { count }) => sum + count, 0));
    return joined(parts);
  }
}

describe('the outbox', () => {
  it('carries entries whole over its end and over the end of its counters', () => {
    const step = fc.oneof({ weight: 4, arbitrary: fc.oneof(fc.nat(3000), noteLength) }, { weight: 1, arbitrary: fc.constant(null) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.constantFrom(0, 61, 0x7fff_fff0, -8), (steps, counted) => {
        const link = new Link(64, counted);
        const sent: Uint8Array[] = [];
        const received: Uint8Array[] = [];
        steps.forEach((length, i) => {
          if (length === null) {
            received.push(link.read());
            return;
          }
          const bytes = built(length, i);
          if (!link.write(bytes)) {
            received.push(link.read());
            expect(link.write(bytes)).toBe(true);
          }
          sent.push(bytes);
        });
        received.push(link.read());
        expect(same(joined(received), joined(sent))).toBe(true);
      }),
    );
  });

  it('takes an entry only when all of it fits', () => {
    const link = new Link(4);
    expect(link.write(built(1024, 0))).toBe(true);
    expect(link.write(built(1, 1))).toBe(false);
    expect(link.write(built(0, 2))).toBe(true);
    expect(link.write(built(0, 3))).toBe(false);
    expect(link.read()).toHaveLength(4 * OUTBOX_ENTRY_BYTES);
  });
});
