/**
 * The flow id: 64 bits over the canonical tuple, its scope, the VLANs where they are part of the key, the role, and the
 * absolute time of the first packet. It has no key, so that it is the same in every run over the same capture and for
 * any number of shards. Two flows of one tuple that begin in the same nanosecond are told apart by the ordinal.
 *
 * The mixing is of MurmurHash3's kind: two 32-bit lanes take in one word at a time by multiply and rotate, feed each
 * other, and are finalised so that every input bit reaches every output bit.
 */
import {
  F_ADDR_A,
  F_ADDR_B,
  F_FIRST_ORDINAL,
  F_FIRST_SEEN,
  F_ID_SALT,
  F_PORT_A,
  F_PORT_B,
  F_PROTOCOL,
  F_ROLE,
  F_SCOPE,
  F_TCI0,
  F_TCI1,
  F_VLAN_DEPTH,
  RowRole,
} from './row.ts';
import type { RowView } from './row-view.ts';

export interface FlowIdContext {
  /** Epoch seconds that the stream time of rows counts from. */
  baseSeconds: number;
  vlanAware: boolean;
}

/** Both halves of an id, as unsigned 32-bit numbers. */
export interface FlowIdWords {
  high: number;
  low: number;
}

const TWO_32 = 4_294_967_296;
const VLAN_ID = 0x0fff;

// The lanes of the id in the making: module state instead of an object per flow; nothing here yields in between.
let lane1 = 0;
let lane2 = 0;

function absorb(word: number): void {
  let k = Math.imul(word, 0x239b961b);
  k = Math.imul((k << 15) | (k >>> 17), 0xab0e9789);
  lane1 ^= k;
  lane1 = ((lane1 << 19) | (lane1 >>> 13)) + lane2;
  lane1 = (Math.imul(lane1, 5) + 0x561ccd1b) | 0;
  k = Math.imul(word, 0x38b34ae5);
  k = Math.imul((k << 17) | (k >>> 15), 0xa1e38b93);
  lane2 ^= k;
  lane2 = ((lane2 << 13) | (lane2 >>> 19)) + lane1;
  lane2 = (Math.imul(lane2, 5) + 0x32ac3b17) | 0;
}

function finalise(word: number): number {
  let h = word ^ (word >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** Takes in a non-negative integer of up to 53 bits; anything else by its nearest such number. */
function absorbInteger(value: number): void {
  const whole = Number.isFinite(value) ? Math.floor(value) : 0;
  absorb(whole | 0);
  absorb(Math.floor(whole / TWO_32) | 0);
}

/** True when B comes before A, which a well-formed row never has; the id is then still that of the tuple. */
function reversed(row: RowView, offset: number): boolean {
  const { bytes, view } = row;
  for (let i = 0; i < 16; i++) {
    const difference = bytes[offset + F_ADDR_A + i] - bytes[offset + F_ADDR_B + i];
    if (difference !== 0) return difference > 0;
  }
  return view.getUint16(offset + F_PORT_A, true) > view.getUint16(offset + F_PORT_B, true);
}

function absorbRow(row: RowView, offset: number, context: FlowIdContext): void {
  const { bytes, view } = row;
  const swap = reversed(row, offset);
  const first = offset + (swap ? F_ADDR_B : F_ADDR_A);
  const second = offset + (swap ? F_ADDR_A : F_ADDR_B);
  for (let i = 0; i < 16; i += 4) absorb(view.getInt32(first + i, true));
  for (let i = 0; i < 16; i += 4) absorb(view.getInt32(second + i, true));
  const portA = view.getUint16(offset + F_PORT_A, true);
  const portB = view.getUint16(offset + F_PORT_B, true);
  absorb(swap ? (portB << 16) | portA : (portA << 16) | portB);
  const role = bytes[offset + F_ROLE] & (RowRole.IPV6 | RowRole.OUTER | RowRole.INNER);
  absorb(bytes[offset + F_PROTOCOL] | (role << 8));
  absorb(view.getInt32(offset + F_SCOPE, true));
  if (context.vlanAware) {
    absorb(bytes[offset + F_VLAN_DEPTH]);
    absorb((view.getUint16(offset + F_TCI0, true) & VLAN_ID) | ((view.getUint16(offset + F_TCI1, true) & VLAN_ID) << 16));
  }
  const stream = view.getFloat64(offset + F_FIRST_SEEN, true);
  const seconds = Math.floor(stream / 1e9);
  absorbInteger(context.baseSeconds + seconds);
  absorb((stream - seconds * 1e9) | 0);
  if (bytes[offset + F_ID_SALT] !== 0) absorbInteger(view.getFloat64(offset + F_FIRST_ORDINAL, true));
}

/** The id of the row at `offset` as two words: for sorting, where text would cost. */
export function flowIdWords(row: RowView, offset: number, context: FlowIdContext): FlowIdWords {
  lane1 = 0x9747b28c;
  lane2 = 0x2f0b4c47;
  absorbRow(row, offset, context);
  lane1 = (lane1 + lane2) | 0;
  lane2 = (lane2 + lane1) | 0;
  lane1 = finalise(lane1);
  lane2 = finalise(lane2);
  lane1 = (lane1 + lane2) | 0;
  lane2 = (lane2 + lane1) | 0;
  return { high: lane1 >>> 0, low: lane2 >>> 0 };
}

/** The id of the row at `offset`: 16 lower-case hexadecimal digits. */
export function flowIdOfRow(row: RowView, offset: number, context: FlowIdContext): string {
  const { high, low } = flowIdWords(row, offset, context);
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}
