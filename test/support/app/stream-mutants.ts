/** Dialogues over TCP cut into segments in every way, and damaged in every way, for readers that must agree about them. */
import { SERVER } from '../../../src/app/dissector.ts';
import type { AppReaderCode, FlowReaders } from '../../../src/native/app-flows.ts';
import { bytesOf, type Sent } from './drive.ts';
import { disagreement, type ReadEvent } from './native-readers.ts';

/** Numbers from 0 to less than `below`. */
export type Pick = (below: number) => number;

export interface Asked {
  readers: FlowReaders;
  protocol: AppReaderCode;
  serverPort: number;
}

/** What is different, or null; and how far the native reader went. */
export function asked({ readers, protocol, serverPort }: Asked, events: readonly ReadEvent[], ended = true) {
  return disagreement(readers, protocol, { isTcp: true, clientPort: 40_000, serverPort, events, ended });
}

/** Each message in segments of that many bytes; of the first message at least `whole` bytes come at once. */
export function segments(sent: readonly Sent[], size: () => number, whole = 0): ReadEvent[] {
  const events: ReadEvent[] = [];
  for (const [side, message] of sent) {
    const bytes = bytesOf(message);
    for (let at = 0; at < bytes.length; ) {
      const length = Math.max(1, size(), events.length === 0 ? whole : 0);
      events.push({ side, bytes: bytes.subarray(at, at + length) });
      at += length;
    }
  }
  return events;
}

/** The first one, then both sides as they come, each in its order. */
export function interleaved(events: readonly ReadEvent[], pick: Pick): ReadEvent[] {
  const [first, ...rest] = events;
  const server = rest.filter(({ side }) => side === SERVER);
  const client = rest.filter(({ side }) => side !== SERVER);
  const mixed = first === undefined ? [] : [first];
  while (server.length > 0 && client.length > 0) mixed.push(...(pick(2) === 0 ? server : client).splice(0, 1));
  return [...mixed, ...server, ...client];
}

/** One message with some of its bytes changed, cut, doubled, or replaced by `words`. */
function damaged(message: Uint8Array, words: readonly string[], pick: Pick): Uint8Array {
  const bytes = Buffer.from(message);
  const at = pick(bytes.length + 1);
  const length = pick(pick(4) === 0 ? bytes.length + 1 : 6);
  switch (pick(7)) {
    case 0:
      if (at < bytes.length) bytes[at] ^= 1 << pick(8);
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = [0, 9, 10, 13, 32, 44, 45, 48, 60, 127, 128, 255][pick(12)];
      return bytes;
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at + length), bytes.subarray(at)]);
    case 5:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(words[pick(words.length)], 'latin1'), bytes.subarray(at)]);
    default:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from(words[pick(words.length)], 'latin1'), bytes.subarray(at + length)]);
  }
}

/** The dialogue with a few faults: in messages, or in which messages there are. */
export function mutant(sent: readonly Sent[], words: readonly string[], pick: Pick): Sent[] {
  const out = [...sent];
  for (let faults = 1 + pick(2); faults > 0 && out.length > 0; faults--) {
    const at = pick(out.length);
    const [side, message] = out[at];
    switch (pick(8)) {
      case 0:
        out.splice(at, 1);
        break;
      case 1:
        out.splice(at, 0, out[pick(out.length)]);
        break;
      case 2:
        out.splice(at);
        break;
      default:
        out[at] = [side, damaged(bytesOf(message), words, pick)];
    }
  }
  return out;
}

/** Mutants of the dialogues, in segments of every size: what was different of the first one that was, and how many were read. */
export function surveyed(of: Asked, dialogues: readonly (readonly Sent[])[], words: readonly string[], rounds: number, pick: Pick) {
  const counts = { wrong: null as string | null, done: 0, more: 0, odd: 0, rounds };
  for (let round = 0; round < rounds; round++) {
    const sent = mutant(dialogues[round % dialogues.length], words, pick);
    const most = [1460, 1460, 200, 30][pick(4)];
    const cut = segments(sent, () => (most === 1460 ? most : 1 + pick(most)));
    const events = pick(4) === 0 ? interleaved(cut, pick) : cut;
    if (events.length === 0) continue;
    const { wrong, reading } = asked(of, events, pick(8) > 0);
    if (wrong === null) counts[reading as 'done' | 'more' | 'odd']++;
    else
      counts.wrong ??= `round ${round}: ${wrong}\n${JSON.stringify(events.map(({ side, bytes }) => [side, Buffer.from(bytes).toString('latin1')]))}`;
  }
  return counts;
}
