/**
 * Finds the protocol of one TCP connection and reads it: asks every parser about the heads, then lets the one that knows
 * go on, and the next one where a protocol hands over to another (STARTTLS, CONNECT, WebSocket).
 */
import type { Assembler } from './assembler.ts';
import {
  CLIENT,
  type FlowPorts,
  Progress,
  SERVER,
  type SessionContext,
  type StreamDissector,
  type StreamHead,
  type StreamSession,
  Verdict,
} from './dissector.ts';
import type { ProtocolName } from './protocols.ts';

/** Protocols of one connection, one inside the other. */
const MOST_LAYERS = 4;

type Heads = readonly [StreamHead, StreamHead];

/** The part of a head from an offset on. */
class TailHead implements StreamHead {
  bytes: Uint8Array = new Uint8Array(0);
  length = 0;
  complete = false;
  private readonly whole: StreamHead;
  private readonly offset: number;

  constructor(whole: StreamHead, offset: number) {
    this.whole = whole;
    this.offset = Math.max(0, offset);
    this.refresh();
  }

  refresh(): void {
    const { whole, offset } = this;
    this.length = Math.max(0, whole.length - offset);
    this.bytes = whole.bytes.subarray(Math.min(offset, whole.length));
    this.complete = whole.complete;
  }
}

export class StreamClassifier {
  /** From the outermost in: `['smtp', 'tls']`. */
  readonly layers: ProtocolName[] = [];
  /** What the outermost protocol wants to be called, where that is more than its name (`smtps`). */
  label: ProtocolName | null = null;
  confirmed = false;
  /** The parsers agree with the connection only when the side that was taken for the server is the client. */
  swapped = false;
  done = false;
  private readonly whole: readonly [Assembler, Assembler];
  private readonly ports: FlowPorts;
  private heads: Heads;
  private tails: readonly [TailHead, TailHead] | null = null;
  private readonly all: readonly StreamDissector[];
  private candidates: readonly StreamDissector[];
  private session: StreamSession | null = null;
  private current: StreamDissector | null = null;
  /** The only candidate was agreed upon by the protocol before it. */
  private isAgreed = false;
  /** Whether the client is known for sure; else the other way round is tried as well. */
  private readonly sure: boolean;

  /** `assemblers[CLIENT]`, `assemblers[SERVER]`; `dissectors` in the order in which they shall be asked. */
  constructor(assemblers: readonly [Assembler, Assembler], ports: FlowPorts, dissectors: readonly StreamDissector[], sure: boolean) {
    this.whole = assemblers;
    this.heads = assemblers;
    this.ports = ports;
    this.all = dissectors;
    this.candidates = dissectors;
    this.sure = sure;
  }

  /** Call after a head has grown or was completed. */
  advance(context: SessionContext): void {
    for (let step = 0; step < 2 * MOST_LAYERS && !this.done; step++) {
      if (this.tails !== null) for (const tail of this.tails) tail.refresh();
      if (this.session === null && !this.choose(context)) return;
      if (this.session !== null && !this.read(this.session)) return;
    }
  }

  /** The flow has ended, or nothing more comes: sessions may still have something to say. */
  finish(): void {
    this.session?.finish?.();
    this.take(this.session);
    this.done = true;
  }

  private get bothComplete(): boolean {
    return this.heads[CLIENT].complete && this.heads[SERVER].complete;
  }

  /** True when a session was opened. */
  private choose(context: SessionContext): boolean {
    if (this.open(context, this.heads)) return true;
    if (this.candidates.length > 0 && !this.bothComplete) return false;
    if (!this.sure && !this.swapped && this.layers.length === 0) {
      this.swapped = true;
      this.heads = [this.whole[SERVER], this.whole[CLIENT]];
      this.candidates = this.all;
      if (this.open(context, this.heads)) return true;
      if (this.candidates.length > 0 && !this.bothComplete) return false;
    }
    if (this.layers.length === 0) this.swapped = false;
    this.done = true;
    return false;
  }

  private open(context: SessionContext, heads: Heads): boolean {
    const left: StreamDissector[] = [];
    for (const dissector of this.candidates) {
      const verdict = this.isAgreed ? Verdict.YES : dissector.probe(heads, this.ports);
      if (verdict === Verdict.MORE) left.push(dissector);
      if (verdict !== Verdict.YES) continue;
      this.layers.push(dissector.protocol);
      this.current = dissector;
      this.isAgreed = false;
      this.session = dissector.open(context);
      return true;
    }
    this.candidates = left;
    return false;
  }

  /** True when another protocol takes over and can be looked for at once. */
  private read(session: StreamSession): boolean {
    const progress = session.advance(this.heads);
    this.take(session);
    if (progress === Progress.MORE && !this.bothComplete) return this.endSides(session);
    if (progress === Progress.BROKEN && !session.confirmed && this.label === null) {
      // Its first bytes had looked like it; the others have not been asked to the end.
      this.layers.pop();
      this.session = null;
      this.candidates = this.candidates.filter((dissector) => dissector !== this.current);
      return true;
    }
    session.finish?.();
    this.take(session);
    if (progress !== Progress.HAND_OVER || this.layers.length === MOST_LAYERS || session.successor === undefined) {
      this.done = true;
      return false;
    }
    const [client, server] = session.successor.offsets;
    this.tails = [new TailHead(this.heads[CLIENT], client), new TailHead(this.heads[SERVER], server)];
    this.heads = this.tails;
    this.session = null;
    // A protocol that was negotiated by name need not prove itself.
    const agreed = this.all.filter(({ protocol }) => protocol === session.label && !this.layers.includes(protocol));
    this.candidates = agreed.length > 0 ? agreed : this.all;
    this.isAgreed = agreed.length > 0;
    return true;
  }

  /** Ends the heads that have nothing more to tell; true when there is one. */
  private endSides(session: StreamSession): boolean {
    if (session.passesOver === undefined || this.tails !== null) return false;
    let any = false;
    for (const side of [CLIENT, SERVER] as const) {
      if (this.heads[side].complete || !session.passesOver(side)) continue;
      this.whole[this.swapped ? 1 - side : side].finish();
      any = true;
    }
    return any;
  }

  private take(session: StreamSession | null): void {
    if (session === null) return;
    if (this.layers.length === 1) {
      this.confirmed = session.confirmed;
      if (session.label !== undefined) this.label = session.label;
    }
  }
}
