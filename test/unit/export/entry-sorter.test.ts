import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EntrySorter, type SorterOptions } from '../../../src/export/entry-sorter.ts';
import { flowIdOfRow } from '../../../src/flow/flow-id.ts';
import { F_BYTES_A, F_FIRST_ORDINAL, F_FIRST_SEEN, OUTBOX_ENTRY_BYTES } from '../../../src/flow/row.ts';
import { rowView } from '../../../src/flow/row-view.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { concat, context, entry } from '../records/row-fixture.ts';

const CONTEXT = context();

interface Flow {
  bytes: number;
  first: number;
  port: number;
}

const built = (flow: Flow, ordinal = 1): Uint8Array =>
  entry({ bytesA: flow.bytes, bytesB: 0, first: flow.first, portA: flow.port, ordinal });

/** Sorts in chunks of `step` entries and returns everything that comes out. */
async function sorted(entries: Uint8Array[], options: Partial<SorterOptions> & { step?: number } = {}): Promise<Uint8Array> {
  using folder = new TemporaryFolder('sorter');
  const sorter = new EntrySorter({ memoryBytes: 1 << 20, directory: folder.path, ...options });
  const step = options.step ?? 7;
  for (let at = 0; at < entries.length; at += step) await sorter.add(concat(entries.slice(at, at + step)), CONTEXT);
  const parts: Uint8Array[] = [];
  for await (const batch of sorter.sorted(CONTEXT, 10)) parts.push(batch.slice());
  await sorter.close();
  return Buffer.concat(parts);
}

/** The documented order, written down a second time. */
function reference(entries: Uint8Array[]): Uint8Array {
  const keyed = entries.map((bytes) => {
    const row = rowView(bytes);
    const at = (field: number): number => row.view.getFloat64(field, true);
    return { bytes, total: at(F_BYTES_A), first: at(F_FIRST_SEEN), id: flowIdOfRow(row, 0, CONTEXT), ordinal: at(F_FIRST_ORDINAL) };
  });
  keyed.sort((a, b) => b.total - a.total || a.first - b.first || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0) || a.ordinal - b.ordinal);
  return Buffer.concat(keyed.map((key) => key.bytes));
}

const flows = fc.array(
  fc.record({
    bytes: fc.constantFrom(0, 60, 60, 1500, 9e15),
    first: fc.constantFrom(0, 0, 1e9, 3e14),
    port: fc.integer({ min: 1, max: 400 }),
  }),
  { maxLength: 120 },
);

describe('the order of exports on exit', () => {
  it('is bytes, then time, then id', async () => {
    const order = [
      { bytes: 500, first: 9, port: 1 },
      { bytes: 400, first: 1, port: 1 },
      { bytes: 400, first: 2, port: 1 },
    ];
    const entries = order.map((flow) => built(flow));
    expect(await sorted([entries[2], entries[0], entries[1]])).toEqual(Buffer.concat(entries));
  });

  it('is the same from memory, from disk, and from any order of arrival', async () => {
    await fc.assert(
      fc.asyncProperty(flows, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 2, max: 5 }), async (list, capacity, maxRuns) => {
        const entries = list.map((flow, index) => built(flow, index + 1));
        const expected = reference(entries);
        expect(Buffer.compare(await sorted(entries), expected)).toBe(0);
        const spilled = await sorted(entries.toReversed(), { memoryBytes: capacity * OUTBOX_ENTRY_BYTES, maxRuns });
        expect(Buffer.compare(spilled, expected)).toBe(0);
      }),
      { numRuns: 40 },
    );
  });

  it('leaves out interim records', async () => {
    const final = entry({ portA: 1 });
    expect(await sorted([entry({ interim: true }), final])).toEqual(Buffer.from(final));
  });

  it('gives nothing for nothing', async () => {
    expect(await sorted([])).toHaveLength(0);
  });
});

describe('runs on disk', () => {
  const many = Array.from({ length: 300 }, (_, index) => built({ bytes: (index * 7919) % 1000, first: index, port: 1 }, index + 1));

  it('begin at the bound, are merged when they are many, and leave no file', async () => {
    using folder = new TemporaryFolder('runs');
    const sorter = new EntrySorter({ memoryBytes: 10 * OUTBOX_ENTRY_BYTES, directory: folder.path, maxRuns: 4 });
    let most = 0;
    for (const bytes of many) {
      await sorter.add(bytes, CONTEXT);
      most = Math.max(most, sorter.runs);
      expect(readdirSync(folder.path)).toEqual([]);
    }
    expect(sorter.count).toBe(300);
    expect(most).toBe(3);
    await sorter.close();
    expect(sorter.runs).toBe(0);
  });

  it('stay in memory below the bound', async () => {
    const sorter = new EntrySorter({ memoryBytes: 300 * OUTBOX_ENTRY_BYTES, directory: '/nonexistent' });
    await sorter.add(concat(many), CONTEXT);
    expect(sorter.runs).toBe(0);
    await sorter.close();
  });

  it('that cannot be written are one OUTPUT error', async () => {
    using folder = new TemporaryFolder('runs');
    const sorter = new EntrySorter({ memoryBytes: OUTBOX_ENTRY_BYTES, directory: join(folder.path, 'gone') });
    await expect(sorter.add(concat(many.slice(0, 3)), CONTEXT)).rejects.toMatchObject({ code: 'OUTPUT', detail: { errno: 'ENOENT' } });
  });
});
