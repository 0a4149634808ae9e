/** One event as rows, for whoever has events and not the entries of a shard. */
import type { AddressCache } from './address-cache.ts';
import {
  B_ANSWER_ORDINAL,
  B_ANSWERED_AT,
  B_BYTES,
  B_BYTES_SINCE,
  B_FIRST,
  B_FLAGS,
  B_HOST,
  B_KIND,
  B_LAST,
  B_ORDINAL,
  B_PACKETS,
  B_PACKETS_SINCE,
  B_PAYLOAD,
  B_PORTS,
  B_PROTOCOL,
  B_SERVICE,
  B_SOURCE,
  B_TYPE,
  END_BYTES,
  EntryFlag,
  EntryKind,
  MOMENT_BYTES,
  STATES,
} from './batch.ts';
import { EntryReader } from './entry-reader.ts';
import { EventRows } from './event-rows.ts';
import type { AnswerEvent, CloseEvent, FlowTuple, VolumeEvent } from './events.ts';
import { PAIR_WORDS, writePair } from './flow-keys.ts';

const PAIR = new Int32Array(PAIR_WORDS);
const STATE_NUMBERS: readonly string[] = STATES;

export function singleAnswer(event: AnswerEvent, addresses: AddressCache): EventRows {
  const entry = flowEntry(event, MOMENT_BYTES, EntryKind.ANSWER);
  entry.setFloat64(B_ANSWERED_AT, event.at, true);
  entry.setFloat64(B_ANSWER_ORDINAL, event.ordinal, true);
  entry.setUint8(B_FLAGS, entry.getUint8(B_FLAGS) | (event.outcome === 'accepted' ? EntryFlag.ACCEPTED : EntryFlag.REFUSED));
  return rowOf(entry, MOMENT_BYTES, event.at, addresses, []);
}

export function singleVolume(event: VolumeEvent, addresses: AddressCache): EventRows {
  const entry = flowEntry(event, END_BYTES, EntryKind.VOLUME);
  setSpan(entry, event);
  setTwo(entry, B_BYTES_SINCE, event.bytesUp, event.bytesDown);
  entry.setUint32(B_PACKETS_SINCE, event.packetsUp, true);
  entry.setUint32(B_PACKETS_SINCE + 4, event.packetsDown, true);
  return rowOf(entry, END_BYTES, event.at, addresses, []);
}

export function singleClose(event: CloseEvent, addresses: AddressCache): EventRows {
  const entry = flowEntry(event, END_BYTES, EntryKind.CLOSE);
  setSpan(entry, event);
  setTwo(entry, B_BYTES, event.bytesUp, event.bytesDown);
  setTwo(entry, B_PAYLOAD, event.payloadUp, event.payloadDown);
  entry.setUint32(B_PACKETS, event.packetsUp, true);
  entry.setUint32(B_PACKETS + 4, event.packetsDown, true);
  entry.setUint8(B_TYPE, Math.max(0, STATE_NUMBERS.indexOf(event.state ?? '')));
  entry.setUint16(B_SERVICE, event.service === null ? 0 : 1, true);
  entry.setUint16(B_HOST, event.host === null ? 0 : 2, true);
  return rowOf(entry, END_BYTES, event.at, addresses, [event.service ?? '', event.host ?? '']);
}

function flowEntry(flow: FlowTuple & { readonly ordinal: number }, bytes: number, kind: number): DataView<ArrayBuffer> {
  const entry = new DataView(new ArrayBuffer(bytes));
  entry.setFloat64(B_ORDINAL, flow.ordinal, true);
  entry.setUint16(B_PORTS, flow.sourcePort, true);
  entry.setUint16(B_PORTS + 2, flow.targetPort, true);
  entry.setUint8(B_KIND, kind);
  entry.setUint8(B_PROTOCOL, flow.protocol);
  writePair(flow, PAIR, 0);
  for (let word = 0; word < 8; word++) entry.setInt32(B_SOURCE + 4 * word, PAIR[word], true);
  entry.setUint8(B_FLAGS, PAIR[PAIR_WORDS - 1] === 6 ? EntryFlag.IPV6 : 0);
  return entry;
}

function setSpan(entry: DataView, { firstAt, lastAt }: { readonly firstAt: number; readonly lastAt: number }): void {
  entry.setFloat64(B_FIRST, firstAt, true);
  entry.setFloat64(B_LAST, lastAt, true);
}

function setTwo(entry: DataView, at: number, first: number, second: number): void {
  entry.setFloat64(at, first, true);
  entry.setFloat64(at + 8, second, true);
}

function rowOf(entry: DataView<ArrayBuffer>, bytes: number, at: number, addresses: AddressCache, texts: string[]): EventRows {
  const reader = new EntryReader(new Uint8Array(entry.buffer), bytes, addresses, [{ below: 1, texts }]);
  const rows = new EventRows(reader, 1);
  rows.push(0, at, 0);
  return rows;
}
