import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import type { AlertChange, AlertRecord } from '../../../src/detect/alert.ts';
import type { Engine, RecallAnswer, RecallMatch } from '../../../src/native/engine.ts';
import { R_LENGTH, R_STREAM_NS, RECORD_BYTES } from '../../../src/ring/layout.ts';
import { Evidence } from '../../../src/sensor-evidence.ts';
import { Recall } from '../../../src/sensor-recall.ts';
import { resolveOptions } from '../../../src/sensor-settings.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const folder = new TemporaryFolder('evidence-unit');
afterEach(() => folder[Symbol.dispose]());

const FIRST_NS = 100;

/** Records of frames without bytes, at these stream times. */
function recordsAt(times: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(times.length * RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, ns] of times.entries()) {
    view.setUint32(index * RECORD_BYTES + R_LENGTH, RECORD_BYTES, true);
    view.setFloat64(index * RECORD_BYTES + R_STREAM_NS, ns, true);
  }
  return bytes;
}

async function evidenceOf(answer: Partial<RecallAnswer>, asked: RecallMatch[] = []) {
  const dir = folder.file('evidence');
  const options = resolveOptions(
    { input: { kind: 'replay', files: ['x'] }, detect: { evidenceDir: dir } },
    { processors: 2, memoryBytes: 2 ** 30 },
  );
  const engine: Pick<Engine, 'recallMatching'> = {
    recallMatching(match) {
      asked.push(match);
      return { records: recordsAt([FIRST_NS, 200]), lostUntilNs: Number.NEGATIVE_INFINITY, more: false, ...answer };
    },
  };
  const recall = new Recall(() => engine as Engine);
  const evidence = await Evidence.open(options, { recall, sourceName: () => 'eth0', warn: () => {} });
  evidence!.beginTick();
  return { dir, evidence: evidence!, recallBytes: options.recallBytes };
}

function change(id: number, proof: AlertChange['proof'] = { fromNs: 0, firstNs: FIRST_NS, toNs: 300, clauses: [] }): AlertChange {
  const alert = { alert_id: id.toString(16).padStart(16, '0'), kind: 'knock', description: 'somebody knocked' } as AlertRecord;
  return { alert, isNew: true, proof };
}

describe('evidence', () => {
  it.each([
    ['all of it was there', {}, true],
    ['something was lost before the first event', { lostUntilNs: FIRST_NS - 1 }, true],
    ['something was lost at the first event', { lostUntilNs: FIRST_NS }, false],
    ['only more from before it was left out', { more: true, records: recordsAt([FIRST_NS - 1, 200]) }, true],
    ['more since the first event was left out', { more: true }, false],
  ])('%s', async (_what, answer, complete) => {
    const { evidence } = await evidenceOf(answer);
    expect(await evidence.keep(change(1))).toMatchObject({ packets: 2, complete });
  });

  it('is nothing when nothing was there any more, and asks for nothing where nothing shows it', async () => {
    const asked: RecallMatch[] = [];
    const { evidence, dir } = await evidenceOf({ records: recordsAt([]), lostUntilNs: 300 }, asked);
    expect(await evidence.keep(change(1))).toEqual({ pcap: null, packets: 0, complete: false });
    expect(await evidence.keep(change(1, null))).toBeNull();
    expect(asked).toMatchObject([{ fromNs: 0, toNs: 300, limit: 5000, newest: true }]);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('is kept of so many alerts in a tick, and the others are counted', async () => {
    const { evidence, dir } = await evidenceOf({});
    const kept: boolean[] = [];
    for (let id = 0; id < 40; id++) kept.push((await evidence.keep(change(id))) !== null);
    expect(kept.filter(Boolean)).toHaveLength(32);
    expect(evidence.totals).toEqual({ written: 32, failed: 0, passed_over: 8, removed: 0 });
    evidence.beginTick();
    expect(await evidence.keep(change(39))).not.toBeNull();
    expect(readdirSync(dir)).toHaveLength(33);
  });

  it('turns on the memory of recent packets', async () => {
    expect((await evidenceOf({})).recallBytes).toBe(2 ** 26);
  });
});
