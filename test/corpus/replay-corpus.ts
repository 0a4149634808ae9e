/** All captures of the corpus through the library, in this process, a few at a time. */
import type { FlowRecord } from '../../src/flow/record.ts';
import { type RunSummary, Sensor, SensorError } from '../../src/index.ts';
import { capturePath, type ManifestEntry } from './corpus.ts';

export interface Replayed {
  records: FlowRecord[];
  summary: RunSummary;
}

/** No capture of the corpus has more than 13,000 packets: one that takes this long hangs. */
const HANG_MS = 30_000;

/** As much as such a capture can need: a sensor with room for more takes longer to start. */
const ROOM = { flows: 20_000, ringBytes: 1 << 20 };

/** Replays one file and collects its flow records. Rejects when it does not end. */
export async function replayFile(path: string): Promise<Replayed> {
  await using sensor = new Sensor({
    input: { kind: 'replay', files: [path] },
    tracking: { shards: 1, dpi: 'builtin', maxFlows: ROOM.flows },
    ringBytes: ROOM.ringBytes,
  });
  const records: FlowRecord[] = [];
  const stream = sensor.flows();
  const collected = (async () => {
    for await (const record of stream) records.push(record);
  })();
  await sensor.start();
  let timer: NodeJS.Timeout | undefined;
  const hang = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${path} did not end within ${HANG_MS} ms`)), HANG_MS);
  });
  try {
    const summary = await Promise.race([sensor.done, hang]);
    await collected;
    return { records, summary };
  } finally {
    clearTimeout(timer);
  }
}

/** Runs `visit` on every replayed capture, or on the SensorError that refused it. */
export async function replayCorpus(
  folder: string,
  entries: ManifestEntry[],
  atATime: number,
  visit: (entry: ManifestEntry, replayed: Replayed | SensorError) => void,
): Promise<void> {
  const queue = entries.values();
  const drain = async () => {
    for (const entry of queue) {
      try {
        visit(entry, await replayFile(capturePath(folder, entry.file)));
      } catch (error) {
        if (!(error instanceof SensorError)) throw error;
        visit(entry, error);
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, drain));
}
