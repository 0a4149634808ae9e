/** Who began a conversation, when the capture began too late or packets came in the wrong order. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { FlowRecord } from '../../src/index.ts';
import { CORPUS_PCAPS } from '../fixtures/corpus.ts';
import { writeGenerated } from '../support/generated-capture.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { type Conversation, capturesIn, conversationKey, framesOf, readConversations, slotOf } from './corpus-trace.ts';
import { type RawFrame, replay, writeRawCapture } from './replay.ts';

const AT_LEAST = 0.98;
const folder = new TemporaryFolder('direction');
afterAll(() => folder[Symbol.dispose]());

/** IPv6 as 32 digits. */
function plainAddress(ip: string): string {
  if (!ip.includes(':')) return ip;
  const [left = [], right = []] = ip.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = new Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].map((group) => group.padStart(4, '0')).join('');
}

const nameOf = ({ ip, port }: FlowRecord['endpoint_a']): string => `${plainAddress(ip)} ${port}`;
const clientOf = (flow: FlowRecord): string => nameOf(flow.client === 'a_to_b' ? flow.endpoint_a : flow.endpoint_b);

type Change = (frames: RawFrame[]) => RawFrame[];
const deleted =
  (count: number): Change =>
  (frames) =>
    frames.slice(count);
const swapped =
  (left: number, right: number): Change =>
  (frames) =>
    frames.map((frame, index) => {
      const other = index === left ? frames[right] : index === right ? frames[left] : undefined;
      return other === undefined || frames.length <= right ? frame : { ...other, sec: frame.sec, nsec: frame.nsec };
    });

const CHANGES: [string, Change][] = [
  ['the first packet deleted', deleted(1)],
  ['the first 2 packets deleted', deleted(2)],
  ['the first 3 packets deleted', deleted(3)],
  ['the first 4 packets deleted', deleted(4)],
  ['the first two packets swapped', swapped(0, 1)],
  ['the second and third packets swapped', swapped(1, 2)],
  ['the first and fourth packets swapped', swapped(0, 3)],
];

/** Of the conversations whose initiator is known, how many there are after the change, and how many of these are right. */
async function score(all: Conversation[], change: Change): Promise<{ known: number; right: number; wrong: string[] }> {
  const changed = all.map((one) => ({ ...one, frames: change(one.frames) })).filter(({ frames }) => frames.length > 0);
  const path = writeRawCapture(folder.file('changed.pcap'), 1, framesOf(changed), true);
  const { flows } = await replay(path, { tracking: { tunnels: false } });
  // The first flow of a tuple is the one that lacks its beginning.
  const earliest = new Map<string, FlowRecord>();
  for (const flow of flows.toSorted((a, b) => a.first_seen - b.first_seen)) {
    const key = conversationKey(slotOf(flow.first_seen), flow.protocol, [nameOf(flow.endpoint_a), nameOf(flow.endpoint_b)]);
    if (!earliest.has(key)) earliest.set(key, flow);
  }
  const judged = changed.flatMap(({ key, initiator }) => {
    const flow = earliest.get(key);
    return flow === undefined || initiator === null ? [] : [{ key, flow, right: clientOf(flow) === initiator }];
  });
  const wrong = judged.filter(({ right }) => !right).map(({ key, flow }) => `${key} (${flow.direction_reason})`);
  return { known: judged.length, right: judged.length - wrong.length, wrong };
}

/** Every conversation is cut or disordered on its own, which is harder than the same to the capture as a whole. */
function holdsFor(all: () => Conversation[], least: number): void {
  it.each(CHANGES)('with %s', async (_name, change) => {
    const { known, right, wrong } = await score(all(), change);
    expect(known).toBeGreaterThanOrEqual(least);
    expect(right / known, wrong.slice(0, 20).join('\n')).toBeGreaterThanOrEqual(AT_LEAST);
  });
}

describe('the initiator of bundled and generated conversations', () => {
  const generated = (): Conversation[] => {
    const path = folder.file('imix.pcap');
    writeGenerated(path, { profile: 'imix', packets: 20_000, flows: 400, seed: 11, rate: 20_000 });
    return readConversations([path, fileURLToPath(new URL('../fixtures/demo.pcap', import.meta.url))], 1e8);
  };
  holdsFor(generated, 100);
});

const absent = existsSync(CORPUS_PCAPS) ? '' : ' (skipped: WEIR_CORPUS names no corpus)';
describe.skipIf(absent !== '')(`the initiator of the conversations of public captures${absent}`, () => {
  let read: Conversation[] | null = null;
  holdsFor(() => {
    read ??= readConversations(capturesIn(CORPUS_PCAPS));
    return read;
  }, 1000);
});
