/** Feeds dissectors by hand: segments of a stream in order, or datagrams. */
import {
  type Datagram,
  type DatagramDissector,
  type FlowPorts,
  Progress,
  type ProgressCode,
  type SessionContext,
  type Side,
  type StreamDissector,
  type StreamHead,
  Verdict,
  type VerdictCode,
} from '../../../src/app/dissector.ts';
import { AppFacts } from '../../../src/app/facts.ts';
import type { Transaction } from '../../../src/app/transactions.ts';

export interface Driven {
  verdict: VerdictCode;
  facts: AppFacts;
  transactions: Transaction[];
  /** Streams: the last progress. Datagrams: DONE or MORE. */
  progress: ProgressCode;
  confirmed: boolean;
  /** Where the successor begins, when the session handed over. */
  offsets: readonly [number, number] | null;
}

/** Everything that facts say, to be compared. */
export function plainFacts(facts: AppFacts) {
  const { details, risks, expected, learned } = facts;
  const sections = Object.fromEntries(Object.entries(facts));
  return { ...sections, details: Object.fromEntries(details), expected, learned, risks: [...risks].sort() };
}

export type Sent = readonly [side: Side, bytes: Uint8Array | string];

export function bytesOf(bytes: Uint8Array | string): Uint8Array {
  return typeof bytes === 'string' ? Uint8Array.from(Buffer.from(bytes, 'latin1')) : bytes;
}

/** `'16 03 01'` to bytes; white space and `:` are ignored. */
export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replace(/[\s:]/g, ''), 'hex'));
}

const HEAD_LIMIT = 16_384;
const PORTS: FlowPorts = { clientPort: 40_000, serverPort: 9 };

function contextFor(facts: AppFacts, transactions: Transaction[], ports: FlowPorts): SessionContext {
  return {
    ...ports,
    facts,
    nowNs: 0,
    epochSecs: 1_700_000_000,
    wantsTransactions: true,
    wantsQuestions: false,
    question: () => {},
    transaction: (entry) => {
      transactions.push(entry);
    },
  };
}

/** A new array per growth with rubbish behind the length, so that a parser that reads too far is found out. */
function grown(head: StreamHead, bytes: Uint8Array): void {
  const length = Math.min(head.length + bytes.length, HEAD_LIMIT);
  const next = new Uint8Array(length + 64).fill(0xee);
  next.set(head.bytes.subarray(0, head.length));
  next.set(bytes.subarray(0, length - head.length), head.length);
  head.bytes = next;
  head.length = length;
  if (length === HEAD_LIMIT) head.complete = true;
}

/** Feeds the pieces in order, `size` bytes at a time (all of a piece at once when 0), then marks both heads complete. */
export function driveStream(dissector: StreamDissector, sent: readonly Sent[], size = 0, ports: FlowPorts = PORTS): Driven {
  const heads: [StreamHead, StreamHead] = [
    { bytes: new Uint8Array(0), length: 0, complete: false },
    { bytes: new Uint8Array(0), length: 0, complete: false },
  ];
  const facts = new AppFacts();
  const transactions: Transaction[] = [];
  const context = contextFor(facts, transactions, ports);
  let verdict: VerdictCode = Verdict.MORE;
  let progress = Progress.MORE as ProgressCode;
  let session: ReturnType<StreamDissector['open']> | null = null;
  const step = () => {
    if (verdict === Verdict.MORE) {
      verdict = dissector.probe(heads, ports);
      if (verdict === Verdict.YES) session = dissector.open(context);
    }
    if (session !== null && progress === Progress.MORE) progress = session.advance(heads);
  };
  for (const [side, piece] of sent) {
    const bytes = bytesOf(piece);
    const stride = size === 0 ? Math.max(bytes.length, 1) : size;
    for (let at = 0; at < bytes.length; at += stride) {
      grown(heads[side], bytes.subarray(at, at + stride));
      step();
    }
  }
  for (const head of heads) head.complete = true;
  step();
  const ended = session as ReturnType<StreamDissector['open']> | null;
  return {
    verdict,
    facts,
    transactions,
    progress,
    confirmed: ended?.confirmed ?? false,
    offsets: progress === Progress.HAND_OVER ? (ended?.successor?.offsets ?? null) : null,
  };
}

/** Feeds datagrams one by one; keeps at most 6 for the probe, as the sensor does. */
export function driveDatagrams(dissector: DatagramDissector, sent: readonly Sent[], ports: FlowPorts = PORTS): Driven {
  const facts = new AppFacts();
  const transactions: Transaction[] = [];
  const context = contextFor(facts, transactions, ports);
  const kept: Datagram[] = [];
  let verdict: VerdictCode = Verdict.MORE;
  let session: ReturnType<DatagramDissector['open']> | null = null;
  let done = false;
  for (const [side, piece] of sent) {
    const datagram: Datagram = { side, bytes: bytesOf(piece) };
    if (session !== null) {
      done ||= session.advance(datagram);
      continue;
    }
    if (verdict !== Verdict.MORE || kept.length === 6) continue;
    kept.push(datagram);
    verdict = dissector.probe(kept, ports);
    if (verdict !== Verdict.YES) continue;
    session = dissector.open(context);
    for (const earlier of kept) done ||= session.advance(earlier);
  }
  return {
    verdict,
    facts,
    transactions,
    progress: done ? Progress.DONE : Progress.MORE,
    confirmed: session?.confirmed ?? false,
    offsets: null,
  };
}
