/**
 * How a shard's events of one tick travel: flow events as fixed entries of `ENTRY_BYTES`, little-endian, in the order in
 * which the shard saw them; questions, claims and surges as objects.
 *
 *   0 at f64 │ 8 ordinal f64 │ 16 first f64 │ 24 last f64 │ 32 bytes up, down f64 │ 48 payload up, down f64
 *   64 bytes up, down since the last volume event f64 │ 80 packets up, down u32 │ 88 the same since then u32
 *   96 ports u16 × 2 │ 100 kind u8 │ 101 protocol u8 │ 102 flags u8 │ 103 ICMP type or conn_state u8
 *   104 missed bytes u32 │ 108 service u16 │ 112 source 16 │ 128 target 16
 */
import type { Address, ArpEvent, DnsEvent } from './events.ts';

export const ENTRY_BYTES = 144;
export const B_AT = 0;
export const B_ORDINAL = 8;
export const B_FIRST = 16;
export const B_LAST = 24;
export const B_BYTES = 32;
export const B_PAYLOAD = 48;
export const B_BYTES_SINCE = 64;
export const B_PACKETS = 80;
export const B_PACKETS_SINCE = 88;
export const B_PORTS = 96;
export const B_KIND = 100;
export const B_PROTOCOL = 101;
export const B_FLAGS = 102;
export const B_TYPE = 103;
export const B_MISSED = 104;
export const B_SERVICE = 108;
export const B_SOURCE = 112;
export const B_TARGET = 128;

export const EntryKind = { OPEN: 1, ACCEPTED: 2, REFUSED: 3, VOLUME: 4, CLOSE: 5 } as const;
export const EntryFlag = { IPV6: 1, UNTRACKED: 2 } as const;
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
  entries: Uint8Array<ArrayBuffer>;
  /** Services by number, from 1 on. */
  texts: string[];
  dns: DnsEvent[];
  arp: ArpEvent[];
  surges: SurgeCount[];
  /** Events that found no room in this tick. */
  untold: number;
}
