/** The native readers of applications beside the parsers that they must agree with, over the same flow. */
import { CLIENT, SERVER, type Side } from '../../../src/app/dissector.ts';
import { createRegistry } from '../../../src/app/dissectors.ts';
import { FlowApp } from '../../../src/app/flow-app.ts';
import { noteText } from '../../../src/app/note-text.ts';
import { addressBytes } from '../../../src/flow/address-bytes.ts';
import { NOTE_LIMIT } from '../../../src/flow/entry.ts';
import { type AppReaderCode, EVENT_WORDS, type FlowReaders, type FlowReading } from '../../../src/native/app-flows.ts';
import { learnCertificates } from '../../../src/shard/native-apps.ts';

export interface ReadEvent {
  side: Side;
  bytes: Uint8Array;
  /** Stream time; 1 ms after the one before where it is not given. */
  nowNs?: number;
  epochSecs?: number;
}

export interface ReadFlow {
  isTcp: boolean;
  clientPort: number;
  serverPort: number;
  events: readonly ReadEvent[];
  /** No event comes after these. */
  ended: boolean;
}

/** What the parsers say after the last event. */
export interface ParsedFlow {
  /** The flow was done before the last event, which nobody has looked at. */
  wasDone: boolean;
  done: boolean;
  /** Of a flow that has ended, or is done. */
  note: string;
  /** Bits of the sides whose heads are complete. */
  full: number;
  saidFirst: boolean;
  /** Names that the last event has told. */
  learned: { address: Uint8Array; name: string; ttl: number }[];
}

const registry = createRegistry();
export const EPOCH_SECS = 1_760_000_000;
const timeOf = ({ nowNs }: ReadEvent, i: number) => nowNs ?? (i + 1) * 1e6;
const secondsOf = ({ epochSecs }: ReadEvent) => epochSecs ?? EPOCH_SECS;

export function parsedFlow(flow: ReadFlow): ParsedFlow {
  const sink = { wantsTransactions: false, wantsQuestions: false, transaction: () => {}, question: () => {} };
  const app = new FlowApp(0, flow.isTcp, 0, [flow.clientPort, flow.serverPort], flow.isTcp, registry, sink);
  const sent = [0, 0];
  let wasDone = false;
  flow.events.forEach((event, i) => {
    wasDone = app.done;
    app.facts.forgetReports();
    if (wasDone) return;
    app.epochSecs = secondsOf(event);
    if (app.heads === null) app.datagram(timeOf(event, i), event.side, event.bytes.slice());
    else {
      const head = app.heads[event.side];
      head.begin(-1);
      if (head.add(sent[event.side], event.bytes, event.bytes.length)) app.advanceStream(timeOf(event, i));
      sent[event.side] += event.bytes.length;
    }
  });
  const learned = app.facts.learned.map((name) => ({ ...name, address: Buffer.from(addressBytes(name.address) ?? []) }));
  const full = (app.heads?.[CLIENT].complete ? 1 : 0) | (app.heads?.[SERVER].complete ? 2 : 0);
  const { done, label } = app;
  const saidFirst = label !== null && app.saidFirst(label.layers[0]);
  if (flow.ended && !done) app.finish();
  const note = done || flow.ended ? noteText(app, registry, NOTE_LIMIT).text : '';
  return { wasDone, done, note, full, saidFirst, learned };
}

/** What the native reader says of the same flow. A certificate that is not known yet is learned, and the reader asked again. */
export function nativeReading(readers: FlowReaders, protocol: AppReaderCode, flow: ReadFlow): FlowReading {
  const events = new Float64Array(EVENT_WORDS * flow.events.length);
  flow.events.forEach((event, i) => {
    events.set([event.side, event.bytes.length, timeOf(event, i), secondsOf(event)], EVENT_WORDS * i);
  });
  const bytes = Buffer.concat(flow.events.map((event) => event.bytes));
  const { clientPort, serverPort, ended } = flow;
  const input = { protocol, clientPort, serverPort, ended, events, bytes };
  const reading = readers.read(input);
  return reading.reading === 'odd' && learnCertificates(readers) ? readers.read(input) : reading;
}

/**
 * Reads the flow with both after every event, as a shard does, and returns what is different, or how far the native reader
 * went: 'odd' for a flow that it has left to the parsers at some event.
 */
export function disagreement(readers: FlowReaders, protocol: AppReaderCode, flow: ReadFlow): { wrong: string | null; reading: string } {
  const last = flow.events.length;
  const heads = [0, 0];
  let need: readonly number[] = [0, 0];
  for (let count = 1; count <= last; count++) {
    const event = flow.events[count - 1];
    heads[event.side] += event.bytes.length;
    const isLast = count === last && flow.ended;
    const part = { ...flow, events: flow.events.slice(0, count), ended: false };
    const parsed = parsedFlow(part);
    const isAsked = !flow.isTcp || count === 1 || heads[0] >= need[0] || heads[1] >= need[1];
    const native = isAsked ? nativeReading(readers, protocol, part) : null;
    if (native?.reading === 'odd') return { wrong: null, reading: 'odd' };
    const where = `after event ${count}`;
    if ((native?.reading === 'done') !== parsed.done)
      return { wrong: `${where}: native ${native?.reading}, parsers done ${parsed.done}`, reading: '' };
    if (native !== null && !flow.isTcp) {
      if (JSON.stringify(native.learned) !== JSON.stringify(parsed.learned))
        return { wrong: `${where}: learned ${JSON.stringify([native.learned, parsed.learned])}`, reading: '' };
      if (native.saidFirst !== parsed.saidFirst) return { wrong: `${where}: said first ${native.saidFirst}`, reading: '' };
    }
    if (native !== null && native.reading === 'more' && flow.isTcp && native.full !== parsed.full)
      return { wrong: `${where}: full ${native.full}, parsers ${parsed.full}`, reading: '' };
    if (native?.reading === 'done')
      return { wrong: native.note === parsed.note ? null : `${where}:\n${native.note}\n${parsed.note}`, reading: 'done' };
    if (native !== null) need = native.need;
    if (!isLast) continue;
    const ended = nativeReading(readers, protocol, flow);
    if (ended.reading === 'odd') return { wrong: null, reading: 'odd' };
    const whole = parsedFlow(flow);
    const wrong =
      ended.reading === 'done' && ended.note === whole.note ? null : `at the end: ${ended.reading}\n${ended.note}\n${whole.note}`;
    return { wrong, reading: ended.reading };
  }
  return { wrong: null, reading: 'more' };
}
