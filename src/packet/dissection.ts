/**
 * The state of one walk through a frame. Every read is preceded by one `need`, so that no decoder can run past the
 * captured bytes; what is missing becomes the error that stops the walk, never an exception.
 *
 *   0            at                    readable              end
 *   |--decoded---|---may be read-------|---not captured------|
 *
 * `end` is what the innermost length field says (or the wire); `readable` is the smaller of that and what was captured.
 */
import type { DecodeError, Limit } from './decode-error.ts';
import type { Layer } from './layer.ts';

/** What comes next, and where: the walk is a loop over steps, so that nesting costs no stack. */
export type StepKind = 'ethernet' | 'ethertype' | 'llc' | 'wlan' | 'ip' | 'protocol' | 'ppp' | 'mpls' | 'udp-port' | 'payload';

export interface Step {
  readonly kind: StepKind;
  /** EtherType, IP protocol, PPP protocol or UDP source and destination port (source << 16 | destination). */
  readonly value: number;
  readonly at: number;
}

export function step(kind: StepKind, at: number, value = 0): Step {
  return { kind, value, at };
}

export class Dissection {
  readonly frame: Uint8Array;
  readonly layers: Layer[] = [];
  error: DecodeError | null = null;
  end: number;
  limit: Limit;
  /** IP headers so far; bounds tunnels in tunnels. */
  ipDepth = 0;
  /** True inside the packet that an ICMP error quotes: such a packet is cut by design and quotes no further one. */
  readonly quoted: boolean;
  readonly #bytes: DataView;

  constructor(frame: Uint8Array, end: number, limit: Limit, quoted: boolean) {
    this.frame = frame;
    this.#bytes = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    this.end = end;
    this.limit = limit;
    this.quoted = quoted;
  }

  /** Offset behind the last byte that may be read. */
  get readable(): number {
    return Math.min(this.end, this.frame.length);
  }

  /** Bytes from `at` that may be read. */
  available(at: number): number {
    return Math.max(0, this.readable - at);
  }

  has(at: number, count: number): boolean {
    return at + count <= this.readable;
  }

  /** True when `count` bytes at `at` may be read; otherwise records what stopped the walk. */
  need(layer: string, at: number, count: number): boolean {
    if (this.has(at, count)) return true;
    this.fail(layer, 'truncated', at, count);
    return false;
  }

  /** Ends the walk; returns null so that a decoder can return it. */
  fail(layer: string, reason: string, at: number, required: number): null {
    this.error = {
      layer,
      reason,
      required,
      available: this.available(at),
      limit: this.frame.length < this.end ? 'captured length' : this.limit,
      offset: at,
    };
    return null;
  }

  /**
   * A length field says that this layer's content ends at `end`; a wider claim than the enclosing one is ignored, of equal ones the inner is
   * named. The lengths in a quoted packet are those of the whole packet, which was longer: they do not count.
   */
  restrict(end: number, limit: Limit): void {
    if (this.quoted || end > this.end) return;
    this.end = end;
    this.limit = limit;
  }

  u8(at: number): number {
    return this.#bytes.getUint8(at);
  }

  u16(at: number): number {
    return this.#bytes.getUint16(at);
  }

  u32(at: number): number {
    return this.#bytes.getUint32(at);
  }

  /** Little-endian, for the link types that are written in the byte order of the capturing machine. */
  u32le(at: number): number {
    return this.#bytes.getUint32(at, true);
  }

  slice(at: number, count: number): Uint8Array {
    return this.frame.subarray(at, at + count);
  }
}
