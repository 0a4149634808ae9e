import { expect, it } from 'vitest';
import { createRegistry } from '../../../src/app/dissectors.ts';
import { createCredits } from '../../../src/flow/credits.ts';
import { addonPath, loadAddon } from '../../../src/native/load.ts';
import { createRing } from '../../../src/ring/create.ts';
import { createOutbox } from '../../../src/shard/outbox.ts';
import { Control, ShardCounter, type ShardData } from '../../../src/shard/protocol.ts';
import { rehearse } from '../../../src/shard/rehearsal.ts';
import { FLOW } from './rig.ts';

const data = (): ShardData => ({
  shard: 1,
  shards: 2,
  rings: [createRing(1 << 16)],
  outbox: createOutbox(8),
  control: new SharedArrayBuffer(4 * Control.WORDS),
  counters: new SharedArrayBuffer(8 * ShardCounter.SLOTS),
  credits: createCredits(1000, 2),
  flow: FLOW,
  app: { live: true, builtin: true, ndpi: false, tags: new SharedArrayBuffer(1 << 16), transactions: false, events: false },
  detect: true,
  processes: null,
  wantRows: true,
  topFlows: 20,
  summaryFlows: 0,
  addonPath: addonPath(),
  live: true,
  rehearse: true,
  slowMs: 0,
});

const memories = ({ outbox, control, counters, credits, app, rings }: ShardData): Buffer[] =>
  [outbox, control, counters, credits, app?.tags ?? outbox, rings[0].buffer].map((memory) => Buffer.from(memory.slice(0)));

it('does everything that a shard does, and touches nothing that is shared', async () => {
  const mine = data();
  const before = memories(mine);
  const counters = await rehearse(mine, loadAddon(mine.addonPath), { registry: createRegistry(), detector: null });
  expect(memories(mine)).toEqual(before);
  expect(counters[ShardCounter.DEQUEUED]).toBe(60_000);
  expect(counters[ShardCounter.FLOWS_CREATED]).toBe(3000);
  expect(counters[ShardCounter.APP_FLOWS]).toBeGreaterThan(1000);
  expect(counters[ShardCounter.FLOWS_LIVE]).toBe(0);
});

it('also without the application layer', async () => {
  const mine = { ...data(), app: null, detect: false };
  const counters = await rehearse(mine, loadAddon(mine.addonPath), null);
  expect(counters[ShardCounter.DEQUEUED]).toBe(60_000);
  expect(counters[ShardCounter.APP_FLOWS]).toBe(0);
});
