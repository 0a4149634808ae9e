/** Finds the protocol of one flow of datagrams and reads it. */
import {
  CLIENT,
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
  type FlowPorts,
  SERVER,
  type SessionContext,
  type Side,
  Verdict,
} from './dissector.ts';
import type { ProtocolName } from './protocols.ts';

/** Datagrams that are kept for a decision. */
const MOST_KEPT = 6;
const KEPT_BYTES = 2048;

export class DatagramClassifier {
  protocol: ProtocolName | null = null;
  label: ProtocolName | null = null;
  confirmed = false;
  swapped = false;
  done = false;
  private readonly ports: FlowPorts;
  private candidates: readonly DatagramDissector[];
  private swappedCandidates: readonly DatagramDissector[];
  private kept: Datagram[] = [];
  private session: DatagramSession | null = null;

  constructor(ports: FlowPorts, dissectors: readonly DatagramDissector[], sure: boolean) {
    this.ports = ports;
    this.candidates = dissectors;
    this.swappedCandidates = sure ? [] : dissectors;
  }

  /** One datagram of `side`; the bytes are only borrowed. */
  advance(context: SessionContext, side: Side, bytes: Uint8Array): void {
    if (this.session !== null) {
      this.read(this.session, { side: this.swapped ? other(side) : side, bytes });
      return;
    }
    this.kept.push({ side, bytes });
    const turned = this.swappedCandidates.length > 0 ? this.kept.map((datagram) => ({ ...datagram, side: other(datagram.side) })) : [];
    if (!this.open(context, this.kept)) this.openSwapped(context, turned);
    const opened = this.session as DatagramSession | null;
    if (opened !== null) {
      const kept = this.swapped ? turned : this.kept;
      this.kept = [];
      for (const datagram of kept) {
        if (!this.done) this.read(opened, datagram);
      }
      return;
    }
    if (this.kept.length === MOST_KEPT || this.candidates.length + this.swappedCandidates.length === 0) {
      this.kept = [];
      this.done = true;
      return;
    }
    const last = this.kept.length - 1;
    this.kept[last] = { side, bytes: bytes.slice(0, KEPT_BYTES) };
  }

  finish(): void {
    this.session?.finish?.();
    if (this.session !== null) this.take(this.session);
    this.kept = [];
    this.done = true;
  }

  /** Bytes of memory held. */
  get held(): number {
    let sum = 0;
    for (const { bytes } of this.kept) sum += bytes.length;
    return sum;
  }

  private open(context: SessionContext, datagrams: readonly Datagram[]): boolean {
    const left: DatagramDissector[] = [];
    for (const dissector of this.candidates) {
      const verdict = dissector.probe(datagrams, this.ports);
      if (verdict === Verdict.MORE) left.push(dissector);
      if (verdict === Verdict.YES) return this.begin(context, dissector);
    }
    this.candidates = left;
    return false;
  }

  private openSwapped(context: SessionContext, turned: readonly Datagram[]): boolean {
    const left: DatagramDissector[] = [];
    for (const dissector of this.swappedCandidates) {
      const verdict = dissector.probe(turned, this.ports);
      if (verdict === Verdict.MORE) left.push(dissector);
      if (verdict === Verdict.YES) {
        this.swapped = true;
        return this.begin(context, dissector);
      }
    }
    this.swappedCandidates = left;
    return false;
  }

  private begin(context: SessionContext, dissector: DatagramDissector): boolean {
    this.protocol = dissector.protocol;
    this.session = dissector.open(context);
    return true;
  }

  private read(session: DatagramSession, datagram: Datagram): void {
    this.done = session.advance(datagram);
    this.take(session);
    if (this.done) session.finish?.();
  }

  private take(session: DatagramSession): void {
    this.confirmed = session.confirmed;
    if (session.label !== undefined) this.label = session.label;
  }
}

function other(side: Side): Side {
  return side === CLIENT ? SERVER : CLIENT;
}
