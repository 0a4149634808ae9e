/**
 * The application of one live flow while it is being found out: heads or datagrams, the parsers at work, and the facts
 * so far. Dropped for its note as soon as nobody wants more bytes.
 */
import { Assembler } from './assembler.ts';
import { DatagramClassifier } from './datagram-classifier.ts';
import type { NdpiFinding } from './decide.ts';
import { CLIENT, SERVER, type SessionContext, type Side } from './dissector.ts';
import { AppFacts } from './facts.ts';
import type { ProtocolName } from './protocols.ts';
import type { Parsers } from './registry.ts';
import { StreamClassifier } from './stream-classifier.ts';
import type { Question, Transaction } from './transactions.ts';

/** What the parsers found: the protocol, and the one that encloses it. */
export interface BuiltinLabel {
  protocol: ProtocolName;
  master: ProtocolName | null;
  /** The protocol whose parser took the flow: who decides what is a usual port. */
  parser: ProtocolName;
  /** Every layer by name, the outermost first. */
  layers: readonly ProtocolName[];
  confirmed: boolean;
}

/** Receives what sessions report besides facts. */
export interface TransactionSink {
  readonly wantsTransactions: boolean;
  transaction(slot: number, entry: Transaction): void;
  readonly wantsQuestions: boolean;
  question(slot: number, question: Question, nowNs: number): void;
}

export class FlowApp implements SessionContext {
  readonly facts = new AppFacts();
  readonly clientPort: number;
  readonly serverPort: number;
  readonly wantsTransactions: boolean;
  readonly wantsQuestions: boolean;
  nowNs = 0;
  epochSecs = 0;
  /** What nDPI found so far. */
  ndpi: NdpiFinding | null = null;
  ndpiSettled = false;
  /** The label of the last note. */
  finalLabel: string | undefined;
  usesNdpi = false;
  /** Set once what the flow said has decided who began it, or when that is no longer asked. */
  isOriented = false;
  /** Which endpoint is taken for the client: 0 = A, 1 = B. */
  readonly client: number;
  readonly slot: number;
  /** The client is known by its SYN. */
  readonly sure: boolean;
  readonly heads: readonly [Assembler, Assembler] | null;
  private readonly stream: StreamClassifier | null;
  private readonly datagrams: DatagramClassifier | null;
  private readonly sink: TransactionSink;

  /** `sure`: the client is known by its SYN. */
  constructor(
    slot: number,
    isTcp: boolean,
    client: number,
    ports: readonly [number, number],
    sure: boolean,
    registry: Parsers,
    sink: TransactionSink,
  ) {
    this.slot = slot;
    this.sure = sure;
    this.client = client;
    this.clientPort = ports[CLIENT];
    this.serverPort = ports[SERVER];
    this.sink = sink;
    this.wantsTransactions = sink.wantsTransactions;
    this.wantsQuestions = sink.wantsQuestions;
    const flowPorts = { clientPort: this.clientPort, serverPort: this.serverPort };
    if (isTcp) {
      const heads = [new Assembler(), new Assembler()] as const;
      this.heads = heads;
      this.stream = new StreamClassifier(heads, flowPorts, registry.streamsFor(this.serverPort), sure);
      this.datagrams = null;
    } else {
      this.heads = null;
      this.stream = null;
      this.datagrams = new DatagramClassifier(flowPorts, registry.datagramsFor(this.serverPort, this.clientPort), sure);
    }
  }

  transaction(entry: Transaction): void {
    this.sink.transaction(this.slot, entry);
  }

  question(question: Question): void {
    this.sink.question(this.slot, question, this.nowNs);
  }

  /** A head has changed. */
  advanceStream(nowNs: number): void {
    this.nowNs = nowNs;
    this.stream?.advance(this);
  }

  datagram(nowNs: number, side: Side, bytes: Uint8Array): void {
    this.nowNs = nowNs;
    this.datagrams?.advance(this, side, bytes);
  }

  get done(): boolean {
    return this.stream?.done ?? this.datagrams?.done ?? true;
  }

  /** The flow has ended: whatever is known now is all. */
  finish(): void {
    if (this.stream !== null && this.heads !== null) {
      for (const head of this.heads) head.finish();
      if (!this.stream.done) this.stream.advance(this);
      if (!this.stream.done) this.stream.finish();
    } else if (this.datagrams !== null && !this.datagrams.done) this.datagrams.finish();
  }

  /** Nobody asks any more: heads give their memory back. */
  release(): void {
    if (this.heads !== null) for (const head of this.heads) head.release();
  }

  /** True when the parsers took the two sides the other way round. */
  get swapped(): boolean {
    return this.stream?.swapped ?? this.datagrams?.swapped ?? false;
  }

  get label(): BuiltinLabel | null {
    const { stream, datagrams } = this;
    if (stream !== null) {
      const { layers, label, confirmed } = stream;
      if (layers.length === 0) return null;
      const [parser] = layers;
      if (label !== null) return { protocol: label, master: null, parser, layers: layers.length === 1 ? [label] : layers, confirmed };
      return { protocol: layers[layers.length - 1], master: layers.length > 1 ? parser : null, parser, layers, confirmed };
    }
    if (datagrams === null || datagrams.protocol === null) return null;
    const protocol = datagrams.label ?? datagrams.protocol;
    return { protocol, master: null, parser: datagrams.protocol, layers: [protocol], confirmed: datagrams.confirmed };
  }

  /** True when the client's opening message of this protocol was read, or the server's answer to it, which differs from it. */
  saidFirst(protocol: ProtocolName): boolean {
    const { tls, quic, http, dns } = this.facts;
    if (protocol === 'http') return http !== null && (http.method !== null || http.status !== null);
    if (protocol === 'dns') return dns !== null && dns.query !== null;
    if (protocol === 'quic') return quic !== null;
    return tls !== null && (tls.client_ciphers.length > 0 || tls.cipher !== null);
  }

  /** Bytes of heads and kept datagrams. */
  get held(): number {
    if (this.heads !== null) return this.heads[0].held + this.heads[1].held;
    return this.datagrams?.held ?? 0;
  }
}
