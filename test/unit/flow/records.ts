/** Writes records into a ring as a capture thread would, from descriptions that name only what a test is about. */

import { createRing } from '../../../src/ring/create.ts';
import {
  R_ACK,
  R_CAP_LEN,
  R_CARRIED,
  R_FLAGS,
  R_HASH_HI,
  R_HASH_LO,
  R_ICMP_CODE,
  R_ICMP_TYPE,
  R_IP_LEN,
  R_KIND,
  R_L3_OFF,
  R_LENGTH,
  R_LINK_TYPE,
  R_OPT_BITS,
  R_ORDINAL,
  R_PARENT_SCOPE,
  R_PAYLOAD_LEN,
  R_PAYLOAD_OFF,
  R_PROTOCOL,
  R_RAW_NSEC,
  R_RAW_SEC,
  R_RING_SEQ,
  R_SACK_COUNT,
  R_SCOPE_ID,
  R_SEQ,
  R_SRC_ADDR,
  R_SRC_MAC,
  R_SRC_PORT,
  R_STREAM_NS,
  R_TCI0,
  R_TCP_FLAGS,
  R_TTL,
  R_VLAN_DEPTH,
  R_WINDOW,
  R_WIRE_LEN,
  R_WSCALE,
  RECORD_ALIGN,
  RECORD_BYTES,
  RecordFlag,
  RecordKind,
  RING_AT_CLOSED,
  RING_AT_READ_POS,
  RING_AT_WATERMARK_NS,
  RING_AT_WRITE_POS,
  RING_HEADER_BYTES,
  TcpOption,
} from '../../../src/ring/layout.ts';

/** A packet; times in seconds. `src` and `dst` are small numbers that become 10.0.0.n, or 16 bytes of IPv6 with `v6`. */
export interface Packet {
  t: number;
  /** The packet's own time where `t` is the clock behind which it is. */
  own?: number;
  src?: number;
  dst?: number;
  sport?: number;
  dport?: number;
  protocol?: number;
  /** Letters of S A F R P. */
  flags?: string;
  seq?: number;
  ack?: number;
  window?: number;
  len?: number;
  /** Carried in the record, behind headers of zeros; in place of `len`. */
  payload?: Uint8Array;
  /** Carried as they are, from the IP header on: `len` bytes behind headers. */
  carried?: Uint8Array;
  wire?: number;
  ttl?: number;
  v6?: boolean;
  kind?: number;
  /** RecordFlag bits to add. */
  bits?: number;
  scope?: number;
  vlan?: number;
  icmpType?: number;
  sack?: [number, number][];
  parent?: number;
}

const FLAG_BITS: Record<string, number> = { F: 1, S: 2, R: 4, P: 8, A: 16 };

export const TCP = 6;
export const UDP = 17;
export const ICMP = 1;

export class RingBuilder {
  readonly ring: Uint8Array<SharedArrayBuffer>;
  private readonly view: DataView;
  private readonly words: Int32Array;
  private readonly mask: number;
  private write = 0;
  private seq = 0;
  private ordinal = 0;

  constructor(bytes = 1 << 20) {
    this.ring = createRing(bytes);
    this.view = new DataView(this.ring.buffer);
    this.words = new Int32Array(this.ring.buffer, 0, RING_HEADER_BYTES / 4);
    this.mask = bytes - 1;
  }

  /** Bytes that the consumer has not released yet. */
  get unread(): number {
    return (this.write - Atomics.load(this.words, RING_AT_READ_POS >> 2)) | 0;
  }

  packet(packet: Packet): this {
    const sack = packet.sack ?? [];
    const protocol = packet.protocol ?? TCP;
    const header =
      packet.carried === undefined ? (packet.v6 ? 40 : 20) + (protocol === TCP ? 20 : 8) : packet.carried.length - (packet.len ?? 0);
    const carried = packet.carried?.length ?? (packet.payload === undefined ? 0 : header + packet.payload.length);
    const size = RECORD_BYTES + sack.length * 8 + carried;
    const at = this.reserve(Math.ceil(size / RECORD_ALIGN) * RECORD_ALIGN, packet.kind ?? RecordKind.PACKET);
    const { view } = this;
    const source = packet.src ?? 1;
    const target = packet.dst ?? 2;
    const hasPorts = protocol === TCP || protocol === UDP || protocol === 132;
    const sport = packet.sport ?? (hasPorts ? 40_000 : 0);
    const dport = packet.dport ?? (hasPorts ? 50_001 : 0);
    const fromA = source < target || (source === target && sport <= dport);
    const length = packet.payload?.length ?? packet.len ?? 0;
    let bits = (packet.bits ?? 0) | (fromA ? RecordFlag.FROM_A : 0) | (packet.v6 ? RecordFlag.IPV6 : 0);
    if (hasPorts) bits |= RecordFlag.HAS_PORTS;
    view.setUint16(at + R_FLAGS, bits, true);
    if ((packet.kind ?? RecordKind.PACKET) !== RecordKind.PACKET) this.ordinal--;
    view.setFloat64(at + R_ORDINAL, ++this.ordinal, true);
    view.setFloat64(at + R_STREAM_NS, Math.round(packet.t * 1e9), true);
    const own = Math.round((packet.own ?? packet.t) * 1e9);
    view.setBigInt64(at + R_RAW_SEC, BigInt(Math.floor(own / 1e9)), true);
    view.setUint32(at + R_RAW_NSEC, own % 1e9, true);
    const hash = tupleHash(protocol, source, target, sport, dport, packet.scope ?? 0);
    view.setUint32(at + R_HASH_LO, hash, true);
    view.setUint32(at + R_HASH_HI, hash ^ 0x9e37_79b9, true);
    view.setUint32(at + R_SRC_PORT, sport | (dport << 16), true);
    view.setUint8(at + R_PROTOCOL, protocol);
    view.setUint8(
      at + R_TCP_FLAGS,
      Array.from(packet.flags ?? (protocol === TCP ? 'A' : '')).reduce((sum, letter) => sum | FLAG_BITS[letter], 0),
    );
    view.setUint8(at + R_TTL, packet.ttl ?? 64);
    view.setUint32(at + R_SEQ, packet.seq ?? 0, true);
    view.setUint32(at + R_ACK, packet.ack ?? 0, true);
    view.setUint16(at + R_WINDOW, packet.window ?? 1000, true);
    view.setUint8(at + R_WSCALE, 255);
    view.setUint8(at + R_OPT_BITS, sack.length > 0 ? TcpOption.SACK : 0);
    view.setUint32(at + R_WIRE_LEN, packet.wire ?? 14 + header + length, true);
    view.setUint32(at + R_CAP_LEN, packet.wire ?? 14 + header + length, true);
    view.setUint32(at + R_IP_LEN, header + length, true);
    view.setUint32(at + R_PAYLOAD_LEN, length, true);
    view.setUint16(at + R_L3_OFF, 14, true);
    view.setUint16(at + R_PAYLOAD_OFF, 14 + header, true);
    view.setUint32(at + R_CARRIED, carried, true);
    if (packet.payload !== undefined) this.ring.set(packet.payload, at + RECORD_BYTES + sack.length * 8 + header);
    if (packet.carried !== undefined) this.ring.set(packet.carried, at + RECORD_BYTES + sack.length * 8);
    view.setUint32(at + R_SCOPE_ID, packet.scope ?? 0, true);
    view.setUint32(at + R_PARENT_SCOPE, packet.parent ?? 0, true);
    this.address(at + R_SRC_ADDR, source, packet.v6 ?? false);
    this.address(at + R_SRC_ADDR + 16, target, packet.v6 ?? false);
    this.mac(at + R_SRC_MAC, source);
    this.mac(at + R_SRC_MAC + 6, target);
    view.setUint16(at + R_TCI0, packet.vlan ?? 0, true);
    view.setUint8(at + R_VLAN_DEPTH, packet.vlan === undefined ? 0 : 1);
    view.setUint16(at + R_LINK_TYPE, 1, true);
    view.setUint8(at + R_ICMP_TYPE, packet.icmpType ?? 0);
    view.setUint8(at + R_ICMP_CODE, 0);
    view.setUint8(at + R_SACK_COUNT, sack.length);
    sack.forEach(([left, right], i) => {
      view.setUint32(at + RECORD_BYTES + 8 * i, left, true);
      view.setUint32(at + RECORD_BYTES + 8 * i + 4, right, true);
    });
    return this.publish();
  }

  /** Packets one after the other. */
  packets(...packets: Packet[]): this {
    for (const packet of packets) this.packet(packet);
    return this;
  }

  tick(number: number, t: number): this {
    return this.control(RecordKind.TICK, number, t);
  }

  end(number: number, t: number): this {
    return this.control(RecordKind.END, number, t);
  }

  watermark(t: number): this {
    this.view.setFloat64(RING_AT_WATERMARK_NS, Math.round(t * 1e9), true);
    return this;
  }

  close(): this {
    Atomics.store(this.words, RING_AT_CLOSED >> 2, 1);
    return this;
  }

  private control(kind: number, number: number, t: number): this {
    const at = this.reserve(RECORD_BYTES, kind);
    this.view.setUint32(at + R_SEQ, number, true);
    this.view.setFloat64(at + R_STREAM_NS, Math.round(t * 1e9), true);
    this.view.setFloat64(at + R_ORDINAL, this.ordinal + 1, true);
    return this.publish();
  }

  private reserve(bytes: number, kind: number): number {
    const toEnd = this.mask + 1 - (this.write & this.mask);
    if (bytes > toEnd) {
      this.header(toEnd, RecordKind.PAD);
      this.write = (this.write + toEnd) | 0;
    }
    const at = RING_HEADER_BYTES + (this.write & this.mask);
    this.ring.fill(0, at, at + bytes);
    this.header(bytes, kind);
    this.write = (this.write + bytes) | 0;
    if (this.unread > this.mask + 1) throw new Error('the ring is too small for this test');
    return at;
  }

  private header(bytes: number, kind: number): void {
    const at = RING_HEADER_BYTES + (this.write & this.mask);
    this.view.setUint32(at + R_LENGTH, bytes, true);
    this.view.setUint8(at + R_KIND, kind);
    this.view.setUint32(at + R_RING_SEQ, this.seq++, true);
  }

  private publish(): this {
    Atomics.store(this.words, RING_AT_WRITE_POS >> 2, this.write);
    return this;
  }

  private address(at: number, number: number, v6: boolean): void {
    if (v6) this.ring.set([0x20, 1, 0xd, 0xb8], at);
    else this.ring.set([10, (number >>> 16) & 255, (number >>> 8) & 255, number & 255], at);
    if (v6) this.view.setUint32(at + 12, number);
  }

  private mac(at: number, number: number): void {
    this.ring.set([2, 0, 0], at);
    this.ring.set([(number >>> 16) & 255, (number >>> 8) & 255, number & 255], at + 3);
  }
}

/** Any symmetric function will do as the keyed hash. */
function tupleHash(protocol: number, source: number, target: number, sport: number, dport: number, scope: number): number {
  const first = Math.imul(source + 1, 0x85eb_ca6b) ^ Math.imul(sport + 1, 0xc2b2_ae35);
  const second = Math.imul(target + 1, 0x85eb_ca6b) ^ Math.imul(dport + 1, 0xc2b2_ae35);
  let hash = (first + second) ^ Math.imul(protocol + 256 * scope, 0x27d4_eb2f);
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb_352d);
  hash = Math.imul(hash ^ (hash >>> 15), 0x846c_a68b);
  return (hash ^ (hash >>> 16)) >>> 0;
}
