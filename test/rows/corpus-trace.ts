/**
 * The TCP and UDP conversations of many captures as one trace: each capture has its own stretch of time, so that equal
 * tuples stay apart, and one run of the sensor reads them all.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readCapture } from '../fixtures/read-capture.ts';
import type { RawFrame } from './replay.ts';

/** Stretch of time of one capture; longer ones are left out. */
const SLOT_SECS = 10_000;
const FIRST_SLOT = 1_500_000_000;
const ETHERNET = 1;
const TCP = 6;
const UDP = 17;

export interface Conversation {
  /** Capture and both endpoints, the same for both directions. */
  key: string;
  protocol: 'tcp' | 'udp';
  frames: RawFrame[];
  /** Sender of the pure SYNs, or of the DNS queries; null when there are none, or both sides sent one. */
  initiator: string | null;
}

export const slotOf = (epochSecs: number): number => Math.floor((epochSecs - FIRST_SLOT) / SLOT_SECS);

export const conversationKey = (slot: number, protocol: string, ends: [string, string]): string =>
  `${slot} ${protocol} ${ends.toSorted().join(' ')}`;

interface Ends {
  protocol: 'tcp' | 'udp';
  source: string;
  destination: string;
  opens: boolean;
}

const isDnsQuery = (frame: Buffer, at: number, port: number): boolean => port === 53 && frame.length > at + 20 && frame[at + 10] < 0x80;

/** Untagged Ethernet with an unfragmented IP packet of TCP or UDP; null for all else. IPv6 addresses as 32 digits. */
function endsOf(bytes: Uint8Array): Ends | null {
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (frame.length < 54) return null;
  const etherType = frame.readUInt16BE(12);
  const isV4 = etherType === 0x0800;
  if (!isV4 && etherType !== 0x86dd) return null;
  if (isV4 && (frame.readUInt16BE(20) & 0x3fff) !== 0) return null;
  const protocol = frame[isV4 ? 23 : 20];
  const at = isV4 ? 14 + (frame[14] & 15) * 4 : 54;
  if ((protocol !== TCP && protocol !== UDP) || frame.length < at + (protocol === TCP ? 20 : 8)) return null;
  const address = (from: number) => (isV4 ? frame.subarray(from, from + 4).join('.') : frame.toString('hex', from, from + 16));
  const [from, to] = isV4 ? [26, 30] : [22, 38];
  const source = frame.readUInt16BE(at);
  const destination = frame.readUInt16BE(at + 2);
  return {
    protocol: protocol === TCP ? 'tcp' : 'udp',
    source: `${address(from)} ${source}`,
    destination: `${address(to)} ${destination}`,
    opens: protocol === TCP ? (frame[at + 13] & 0x17) === 2 : isDnsQuery(frame, at, destination),
  };
}

function addCapture(path: string, slot: number, found: Map<string, Conversation>): void {
  const frames = readCapture(path).frames.filter(({ linkType }) => linkType === ETHERNET);
  const first = frames[0]?.sec ?? 0;
  if (frames.some(({ sec, nsec }) => sec < first || sec - first > SLOT_SECS / 2 || nsec >= 1e9)) return;
  for (const { sec, nsec, bytes, wireLength } of frames) {
    const ends = endsOf(bytes);
    if (ends === null) continue;
    const key = conversationKey(slot, ends.protocol, [ends.source, ends.destination]);
    let conversation = found.get(key);
    if (conversation === undefined) {
      conversation = { key, protocol: ends.protocol, frames: [], initiator: null };
      found.set(key, conversation);
    }
    conversation.frames.push({ sec: FIRST_SLOT + slot * SLOT_SECS + sec - first, nsec, bytes, wireLength });
    if (ends.opens) conversation.initiator = conversation.initiator === null || conversation.initiator === ends.source ? ends.source : '';
  }
}

/** Every conversation of the captures; at most `mostBytes` of each file's size are worth reading. */
export function readConversations(paths: readonly string[], mostBytes = 400_000): Conversation[] {
  const found = new Map<string, Conversation>();
  for (const [slot, path] of paths.entries()) {
    if (statSync(path).size <= mostBytes) addCapture(path, slot, found);
  }
  for (const conversation of found.values()) if (conversation.initiator === '') conversation.initiator = null;
  return [...found.values()];
}

export function capturesIn(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
}

/** All frames of the conversations in order of time. */
export function framesOf(conversations: readonly { frames: RawFrame[] }[]): RawFrame[] {
  return conversations.flatMap(({ frames }) => frames).sort((a, b) => a.sec - b.sec || a.nsec - b.nsec);
}
