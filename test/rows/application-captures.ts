/** The bundled captures of applications, replayed in one run: a hundred sensors would take half a minute. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FlowRecord, SensorSettings } from '../../src/index.ts';
import { readCapture } from '../fixtures/read-capture.ts';
import { replay } from './replay.ts';

const FOLDER = fileURLToPath(new URL('../fixtures/captures/', import.meta.url));
export const CAPTURE_NAMES = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.pcap'))
  .map((file) => file.slice(0, -'.pcap'.length))
  .sort();

interface Span {
  name: string;
  firstSecs: number;
  lastSecs: number;
}

/** When each was recorded: one after the other, so a moment belongs to one of them. */
function spans(): Span[] {
  const found = CAPTURE_NAMES.map((name) => {
    const { frames } = readCapture(`${FOLDER}${name}.pcap`);
    const times = frames.map(({ sec, nsec }) => sec + nsec / 1e9);
    return { name, firstSecs: times[0], lastSecs: times[times.length - 1] };
  });
  return found.sort((a, b) => a.firstSecs - b.firstSecs);
}

export const SPANS = spans();

export interface Recognised {
  records: FlowRecord[];
  /** Flows of each capture, the one that began first first. */
  byCapture: Map<string, FlowRecord[]>;
}

export async function recognise(shards: number, dpi: NonNullable<SensorSettings['tracking']>['dpi'] & string): Promise<Recognised> {
  const { records, flows } = await replay(
    SPANS.map(({ name }) => `${FOLDER}${name}.pcap`),
    { shards, tracking: { dpi } },
  );
  const byCapture = new Map(SPANS.map(({ name }) => [name, [] as FlowRecord[]]));
  for (const flow of flows.toSorted((a, b) => a.first_seen - b.first_seen)) {
    // Both are the same microseconds, but not always the same floating-point number.
    const span = SPANS.findLast(({ firstSecs }) => firstSecs <= flow.first_seen + 1e-7);
    if (span === undefined) throw new Error(`no capture holds the flow ${flow.flow_id}`);
    byCapture.get(span.name)!.push(flow);
  }
  return { records, byCapture };
}
