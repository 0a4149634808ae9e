/**
 * What a protocol parser is. A parser of a byte stream (TCP) sees the head of each direction: its bytes in order from
 * the first one on, at most 16 KiB. A parser of datagrams (UDP, or the payload of another transport) sees them one by one.
 *
 *   probe ─▶ NO     never this protocol; the parser is not asked again for this flow
 *         ─▶ MORE   cannot tell yet; asked again when there is more
 *         ─▶ YES    this protocol: `open` makes a session, which reads on until it wants no more
 *
 * Parsers are pure: no clock, no input or output, no state outside their session. They never throw on bytes, look at
 * every byte a bounded number of times, and keep a bounded amount of state.
 */
import type { AppFacts } from './facts.ts';
import type { ProtocolName } from './protocols.ts';
import type { Question, Transaction } from './transactions.ts';

/** 0 = the client (the initiator of the flow), 1 = the server. */
export type Side = 0 | 1;
export const CLIENT = 0;
export const SERVER = 1;

export const Verdict = { NO: 0, MORE: 1, YES: 2 } as const;
export type VerdictCode = (typeof Verdict)[keyof typeof Verdict];

/** What one side of a stream has sent so far, in order and without holes. */
export interface StreamHead {
  /** Only the first `length` bytes mean anything; the array may be replaced by a longer one when the head grows. */
  bytes: Uint8Array;
  length: number;
  /** The head will not grow any more: the side has ended, a hole was given up, or the limit was reached. */
  complete: boolean;
}

/** Ports and transport of a flow: what may order guesses, and never decides alone. */
export interface FlowPorts {
  readonly clientPort: number;
  readonly serverPort: number;
}

/** What a session may say while it reads. */
export interface SessionContext extends FlowPorts {
  /** Facts about the flow; the session fills in its own part as soon as it knows it. */
  readonly facts: AppFacts;
  /** Stream time of the bytes that are being looked at, ns. */
  readonly nowNs: number;
  /** The same moment in seconds since the epoch, for dates in certificates and the like. */
  readonly epochSecs: number;
  /** True when somebody reads transactions; a session need not build them otherwise. */
  readonly wantsTransactions: boolean;
  /** A finished request and response, query and answer, handshake …, for the transaction logs. */
  transaction(entry: Transaction): void;
  /** True when somebody wants to know which answer belongs to which question. */
  readonly wantsQuestions: boolean;
  question(question: Question): void;
}

/** What a stream session wants next. */
export const Progress = {
  /** Call again when either head has grown or is complete. */
  MORE: 0,
  /** Everything of use has been read. */
  DONE: 1,
  /** The bytes contradict the protocol: the label stands only if `session.confirmed` is true. */
  BROKEN: 2,
  /** Another protocol takes over in the same connection (STARTTLS, WebSocket, CONNECT): see `session.successor`. */
  HAND_OVER: 3,
} as const;
export type ProgressCode = (typeof Progress)[keyof typeof Progress];

export interface Successor {
  /** Where the next protocol begins in the head of the client and of the server. */
  readonly offsets: readonly [number, number];
}

export interface StreamSession {
  /** Reads on; keeps its own offsets, so that no byte is looked at again and again. `heads[CLIENT]`, `heads[SERVER]`. */
  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode;
  /** True once more than the probe's few bytes have proved the protocol. */
  readonly confirmed: boolean;
  /** Set before HAND_OVER is returned. */
  readonly successor?: Successor;
  /** A more exact name than the dissector's own, once known (`smtps`, `grpc`). */
  readonly label?: ProtocolName | undefined;
  /** Nothing of what the rest of that side's head may hold will be read (the body of a message that is longer than a head). */
  passesOver?(side: Side): boolean;
  /** The flow has ended or no more of it will be seen: what is still pending may be logged now. */
  finish?(): void;
}

export interface StreamDissector {
  readonly transport: 'tcp';
  readonly protocol: ProtocolName;
  /** Server ports where it usually is: tried first there. Never evidence. */
  readonly ports: readonly number[];
  /**
   * Looks at no more than the first 64 bytes of each head (a head may have 0 bytes). May be called with more than that
   * there at once, and with `heads` of a flow whose first packets are missing: then it should say NO.
   */
  probe(heads: readonly [StreamHead, StreamHead], ports: FlowPorts): VerdictCode;
  open(context: SessionContext): StreamSession;
}

export interface Datagram {
  readonly side: Side;
  readonly bytes: Uint8Array;
}

export interface DatagramSession {
  /** One more datagram, the ones that `probe` saw first. True when the session wants no more of them. */
  advance(datagram: Datagram): boolean;
  readonly confirmed: boolean;
  readonly label?: ProtocolName | undefined;
  finish?(): void;
}

export interface DatagramDissector {
  readonly transport: 'udp';
  readonly protocol: ProtocolName;
  readonly ports: readonly number[];
  /** All datagrams of the flow so far, at most 6, the newest last. MORE when one datagram alone proves too little. */
  probe(datagrams: readonly Datagram[], ports: FlowPorts): VerdictCode;
  open(context: SessionContext): DatagramSession;
}

export type Dissector = StreamDissector | DatagramDissector;
