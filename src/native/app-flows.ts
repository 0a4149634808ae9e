/** Native readers of applications (`native/app`), which do the plain case of what the parsers of `src/app` do. */

/** Numbers of `AppProtocol` in `native/app/flow_reading.h`. */
export const AppReader = { NONE: 0, TLS: 1, HTTP: 2, DNS: 3, QUIC: 4, SSH: 5, SMTP: 6 } as const;
export type AppReaderCode = (typeof AppReader)[keyof typeof AppReader];

/** The protocols by number, as `src/app/protocols.ts` names them. */
export const READER_PROTOCOLS = [null, 'tls', 'http', 'dns', 'quic', 'ssh', 'smtp'] as const;

/** Doubles of an event: side (0 = client), bytes that it adds, stream time in ns, seconds since the epoch. */
export const EVENT_WORDS = 4;

/** What `readFlow` is given: a flow as far as it has come. */
export interface FlowInput {
  protocol: AppReaderCode;
  clientPort: number;
  serverPort: number;
  ended: boolean;
  /** EVENT_WORDS doubles each, in the order in which they came. */
  events: Float64Array;
  /** The bytes of the events, one after the other. */
  bytes: Uint8Array;
}

/** What a native reader says of a flow; `note` is '' unless it is done. */
export interface FlowReading {
  reading: 'more' | 'done' | 'odd';
  note: string;
  need: [number, number];
  full: number;
  saidFirst: boolean;
  learned: { address: Uint8Array; name: string; ttl: number }[];
}

export interface FlowReaders {
  read(flow: FlowInput): FlowReading;
  /** What `src/app/x509.ts` says of a certificate: its facts as JSON, names in small letters, seconds or NaN. */
  learnCertificate(der: Uint8Array, json: string, names: readonly string[], notBefore: number, notAfter: number, selfSigned: boolean): void;
  /** Certificates that were asked for in vain since the last call. */
  unknownCertificates(): Uint8Array[];
}

/** What became of a record's bytes; numbers of `Offered` in `native/app/app_flows.h`. */
export const Offered = {
  TAKEN: 0,
  /** The flow's note is written, and nobody wants more of it. */
  DONE: 1,
  /** The bytes were taken, and the flow is to be released: it is for the parsers of `src/app`. */
  ODD: 2,
  /** Nothing has changed. */
  DECLINED: 3,
} as const;
export type OfferedCode = (typeof Offered)[keyof typeof Offered];

/** Words of `AppFlowsMemory.words`. */
export const AppWord = {
  /** 0: no bytes are taken. */
  ENABLED: 0,
  /** Out: KiB that open flows hold. */
  HELD: 1,
  COUNT: 2,
} as const;

/** Of `AppFlowsMemory.states`: 0 = nothing is known natively; else one of these and the number of the protocol (AppReader). */
export const AppState = { OPEN: 0x80, CLOSED: 0x40, PROTOCOL: 0x0f } as const;

/** The rows of a shard and what stands beside them. */
export interface AppFlowsMemory {
  /** The shard's rings, which `offer` is given by their index. */
  readonly rings: readonly Uint8Array[];
  readonly hot: Uint8Array;
  readonly cold: Uint8Array;
  readonly coldBytes: number;
  /** The shard's counters. */
  readonly tally: Float64Array;
  /** A byte for each row. */
  readonly states: Uint8Array;
  /** By server port (65,536): the AppReader of TCP flows, and of UDP flows. */
  readonly streamPorts: Uint8Array;
  readonly datagramPorts: Uint8Array;
  readonly words: Int32Array;
  readonly tags: Int32Array;
}

/** An open flow as far as it has come. */
export interface ReleasedFlow {
  /** EVENT_WORDS doubles each. */
  events: Float64Array;
  bytes: Uint8Array;
  /** Endpoint that was taken for the client, 0 = A. */
  client: number;
  /** Of so many events, names were told. */
  reported: number;
}

/** The applications of a shard's flows, as far as native readers find them out. */
export interface AppFlows extends Pick<FlowReaders, 'learnCertificate' | 'unknownCertificates'> {
  /** The bytes of the record at `offset` of a ring's memory, which was counted in the row already. */
  offer(ring: number, offset: number, slot: number, side: number): OfferedCode;
  /** Asks the reader of an odd flow once more, when it has learned something. DECLINED: the flow is not open. */
  again(slot: number): OfferedCode;
  /** The flow is over. DECLINED: it is not open. */
  conclude(slot: number): OfferedCode;
  /** Gives up an open flow; null when it is not open. */
  release(slot: number): ReleasedFlow | null;
  /** '' when there is none. */
  note(slot: number): string;
  /** The row is another flow's from now on. */
  forget(slot: number): void;
  /** Slot of the flow that has been open longest, -1 = none is. */
  oldest(): number;
  /** Names that flows have told since the last call: a list as in `src/flow/name-list.ts`. */
  takeNames(): Uint8Array;
}
