/**
 * How a shard's events of one tick travel: what happens at a moment as entries of `MOMENT_BYTES`, volumes, ends and
 * connections left half open as entries of `END_BYTES`, little-endian, in the order in which the shard saw them; questions, claims and surges as objects.
 *
 * A moment is an attempt, with the answer when that came in the same tick; an answer that came later stands alone.
 *
 *   0 at f64 │ 8 ordinal f64 │ 16 answered at f64 │ 24 ordinal of the answer f64
 *   32 ports u16 × 2 │ 36 kind u8 │ 37 protocol u8 │ 38 flags u8 │ 39 ICMP type u8 │ 40 source 16 │ 56 target 16
 *
 * An end or a volume:
 *
 *   0 at f64 │ 8 ordinal f64 │ 16 first f64 │ 24 last f64 │ 32 ports, kind, protocol, flags as above, 39 conn_state u8
 *   40 source 16 │ 56 target 16 │ 72 bytes up, down f64 │ 88 payload up, down f64
 *   104 bytes up, down since the last volume event f64 │ 120 packets up, down u32 │ 128 the same since then u32
 *   136 missed bytes u32 │ 140 service u16 │ 142 host u16
 */
import type { Address, ArpEvent, DhcpEvent, DnsEvent } from './events.ts';

/** What both have at the same place. */
export const B_AT = 0;
export const B_ORDINAL = 8;
export const B_PORTS = 32;
export const B_KIND = 36;
export const B_PROTOCOL = 37;
export const B_FLAGS = 38;
export const B_TYPE = 39;
export const B_SOURCE = 40;
export const B_TARGET = 56;

export const MOMENT_BYTES = 72;
export const B_ANSWERED_AT = 16;
export const B_ANSWER_ORDINAL = 24;

export const END_BYTES = 144;
export const B_FIRST = 16;
export const B_LAST = 24;
export const B_BYTES = 72;
export const B_PAYLOAD = 88;
export const B_BYTES_SINCE = 104;
export const B_PACKETS = 120;
export const B_PACKETS_SINCE = 128;
export const B_MISSED = 136;
export const B_SERVICE = 140;
export const B_HOST = 142;

export const EntryKind = { OPEN: 1, ANSWER: 2, VOLUME: 3, CLOSE: 4, HALF_OPEN: 5 } as const;
/** Of an attempt without `ACCEPTED` and `REFUSED` nothing more was known when the tick ended. */
export const EntryFlag = { IPV6: 1, UNTRACKED: 2, ACCEPTED: 4, REFUSED: 8 } as const;
/** Zeek's conn_state by number; 0 = none. */
export const STATES = ['', 'S0', 'S1', 'S2', 'S3', 'SF', 'REJ', 'RSTO', 'RSTR', 'RSTOS0', 'RSTRH', 'SH', 'SHR', 'OTH'] as const;

/** Attempts at one service beyond the first `OPENS_TOLD` of the tick. */
export interface SurgeCount {
  protocol: number;
  target: Address;
  targetPort: number;
  opens: number;
  /** Of the sources of these opens. */
  registers: Uint8Array;
}

export interface DetectBatch {
  /** Aligned to 8 bytes, as all entries. Shared with the shard, which writes there again once the tick is merged. */
  moments: Uint8Array;
  /** Numbers of the moments that have an answer, in the order of the answers. */
  answers: Uint32Array<ArrayBuffer>;
  ends: Uint8Array;
  /** Services and hosts by number, from 1 on. */
  texts: string[];
  dns: DnsEvent[];
  arp: ArpEvent[];
  dhcp: DhcpEvent[];
  surges: SurgeCount[];
  /** Events that found no room in this tick. */
  untold: number;
}
