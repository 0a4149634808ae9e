/** Fills rows: what the first packet of a flow, and the first packet of each of its sides, leave in it. */
import {
  R_DST_ADDR,
  R_DST_MAC,
  R_DST_PORT,
  R_FLAGS,
  R_HASH_HI,
  R_HASH_LO,
  R_ICMP_CODE,
  R_ICMP_TYPE,
  R_LINK_TYPE,
  R_ORDINAL,
  R_PARENT_SCOPE,
  R_SCOPE_ID,
  R_SOURCE,
  R_SRC_ADDR,
  R_SRC_MAC,
  R_SRC_PORT,
  R_TCI0,
  R_TCI1,
  R_TTL,
  R_VLAN_DEPTH,
  RecordFlag,
} from '../ring/layout.ts';
import { firstEvidence, isSender, reasonOf } from './direction.ts';
import type { RecordWords } from './record-words.ts';
import {
  F_ADDR_A,
  F_ADDR_B,
  F_DENIED,
  F_DIRECTION_REASON,
  F_FIRST_ORDINAL,
  F_FIRST_SEEN,
  F_FLAGS,
  F_FRAGMENTS,
  F_HASH_HI,
  F_HASH_LO,
  F_ICMP_CODE,
  F_ICMP_TYPE,
  F_LAST_SEEN,
  F_MAC_A,
  F_MAC_B,
  F_PARENT_SCOPE,
  F_PORT_A,
  F_PORT_B,
  F_PROTOCOL,
  F_RTT_LAST_MS,
  F_SCOPE,
  F_SNAPLEN_CUT,
  F_SOURCE,
  F_SYN_SYNACK_MS,
  F_SYNACK_ACK_MS,
  F_TCI0,
  F_TCI1,
  F_TTL_A,
  F_VLAN_DEPTH,
  F_WINDOW_A,
  F_WINDOW_MIN_A,
  HOT_BYTES,
  RowFlag,
} from './row.ts';
import type { FlowStore } from './store.ts';

const LINKTYPE_ETHERNET = 1;
const NO_WINDOW = 0xffff_ffff;

/** Fills a fresh row from the flow's first packet; the counters start at 0. `key` is protocol | role << 8. */
export function openRow(store: FlowStore, slot: number, rec: RecordWords, o: number, key: number, now: number): void {
  const { hotI, hotH, hotF, coldI, coldH, coldB, coldF, coldR } = store;
  const hot = slot * HOT_BYTES;
  const cold = slot * store.coldBytes;
  // Loops, not fill(): a call out of optimised code costs more than these few words.
  for (let i = hot >> 2, end = (hot + HOT_BYTES) >> 2; i < end; i++) hotI[i] = 0;
  for (let i = cold >> 2, end = (cold + store.coldBytes) >> 2; i < end; i++) coldI[i] = 0;
  const c = cold - HOT_BYTES;
  const fromA = rec.u16[(o + R_FLAGS) >> 1] & RecordFlag.FROM_A;
  const sender = fromA !== 0 ? 0 : 1;

  hotI[(hot + F_HASH_LO) >> 2] = rec.i32[(o + R_HASH_LO) >> 2]!;
  hotH[(hot + F_PROTOCOL) >> 1] = key;
  const portA = sender === 0 ? R_SRC_PORT : R_DST_PORT;
  hotH[(hot + F_PORT_A) >> 1] = rec.u16[(o + portA) >> 1]!;
  hotH[(hot + F_PORT_B) >> 1] = rec.u16[(o + R_SRC_PORT + R_DST_PORT - portA) >> 1]!;
  const source = (o + R_SRC_ADDR) >> 2;
  const target = (o + R_DST_ADDR) >> 2;
  for (let i = 0; i < 4; i++) {
    hotI[((hot + F_ADDR_A) >> 2) + i] = rec.i32[(sender === 0 ? source : target) + i]!;
    hotI[((hot + F_ADDR_B) >> 2) + i] = rec.i32[(sender === 0 ? target : source) + i]!;
  }
  hotF[(hot + F_LAST_SEEN) >> 3] = now;
  hotI[(hot + F_WINDOW_MIN_A) >> 2] = NO_WINDOW;
  hotI[(hot + F_WINDOW_A) >> 2] = NO_WINDOW;

  coldF[(c + F_FIRST_SEEN) >> 3] = now;
  coldF[(c + F_FIRST_ORDINAL) >> 3] = rec.f64[(o + R_ORDINAL) >> 3]!;
  coldI[(c + F_HASH_HI) >> 2] = rec.i32[(o + R_HASH_HI) >> 2]!;
  coldI[(c + F_SCOPE) >> 2] = rec.i32[(o + R_SCOPE_ID) >> 2]!;
  coldI[(c + F_PARENT_SCOPE) >> 2] = rec.i32[(o + R_PARENT_SCOPE) >> 2]!;
  coldH[(c + F_TCI0) >> 1] = rec.u16[(o + R_TCI0) >> 1]!;
  coldH[(c + F_TCI1) >> 1] = rec.u16[(o + R_TCI1) >> 1]!;
  coldH[(c + F_SOURCE) >> 1] = rec.u16[(o + R_SOURCE) >> 1]!;
  coldB[c + F_VLAN_DEPTH] = rec.u8[o + R_VLAN_DEPTH]!;
  coldB[c + F_ICMP_TYPE] = rec.u8[o + R_ICMP_TYPE]!;
  coldB[c + F_ICMP_CODE] = rec.u8[o + R_ICMP_CODE]!;
  coldR[(c + F_SYN_SYNACK_MS) >> 2] = Number.NaN;
  coldR[(c + F_SYNACK_ACK_MS) >> 2] = Number.NaN;
  if (store.full) for (let i = 0; i < 4; i++) coldR[((c + F_RTT_LAST_MS) >> 2) + i] = Number.NaN;
  copyMac(store, c + (sender === 0 ? F_MAC_B : F_MAC_A), rec, o + R_DST_MAC);

  const evidence = firstEvidence(rec, o);
  coldB[c + F_DIRECTION_REASON] = reasonOf(evidence);
  const client = isSender(evidence) ? sender : sender ^ 1;
  hotI[(hot + F_FLAGS) >> 2] = client | (rec.u16[(o + R_LINK_TYPE) >> 1] === LINKTYPE_ETHERNET ? RowFlag.ETHERNET : 0);
}

/** The first packet that `side` sends: its address on the link and its TTL. */
export function firstOfSide(store: FlowStore, slot: number, side: number, rec: RecordWords, o: number): void {
  const { hotI, coldB, coldBytes } = store;
  const flags = (slot * HOT_BYTES + F_FLAGS) >> 2;
  hotI[flags] = hotI[flags] | (RowFlag.SEEN_A << side);
  const c = slot * coldBytes - HOT_BYTES;
  coldB[c + F_TTL_A + side] = rec.u8[o + R_TTL]!;
  copyMac(store, c + (side === 0 ? F_MAC_A : F_MAC_B), rec, o + R_SRC_MAC);
}

/** Counts what is unusual about a packet of the flow. */
export function packetFlags(store: FlowStore, slot: number, flags: number): void {
  const c = slot * store.coldBytes - HOT_BYTES;
  if ((flags & (RecordFlag.FRAGMENT | RecordFlag.FRAGMENT_LATER)) !== 0) {
    store.coldU[(c + F_FRAGMENTS) >> 2] = store.coldU[(c + F_FRAGMENTS) >> 2] + 1;
  }
  if ((flags & RecordFlag.SNAPLEN_CUT) !== 0) store.coldU[(c + F_SNAPLEN_CUT) >> 2] = store.coldU[(c + F_SNAPLEN_CUT) >> 2] + 1;
  if ((flags & RecordFlag.DENIED) !== 0) store.coldU[(c + F_DENIED) >> 2] = store.coldU[(c + F_DENIED) >> 2] + 1;
}

function copyMac(store: FlowStore, at: number, rec: RecordWords, from: number): void {
  for (let i = 0; i < 6; i++) store.coldB[at + i] = rec.u8[from + i]!;
}
