/** The addresses of a flow's client and server, as its parsers see them. */
import type { FlowApp } from '../app/flow-app.ts';
import type { FlowLives } from '../flow/lives.ts';
import { F_ADDR_A, F_ADDR_B, F_ROLE, HOT_BYTES, RowRole } from '../flow/row.ts';
import { ipv4Text, ipv6Text } from '../packet/address.ts';

/** 4 or 16 bytes; side 0 = A. */
function address({ store: { hotB } }: FlowLives, slot: number, side: number): Uint8Array {
  const at = slot * HOT_BYTES + (side === 1 ? F_ADDR_B : F_ADDR_A);
  return hotB.subarray(at, at + ((hotB[slot * HOT_BYTES + F_ROLE] & RowRole.IPV6) !== 0 ? 16 : 4));
}

/** As latin1 text, a key. */
export function clientAddress(lives: FlowLives, app: FlowApp): string {
  return String.fromCharCode(...address(lives, app.slot, app.swapped ? app.client ^ 1 : app.client));
}

export function serverAddressText(lives: FlowLives, app: FlowApp): string {
  const bytes = address(lives, app.slot, app.swapped ? app.client : app.client ^ 1);
  return bytes.length === 4 ? ipv4Text(bytes) : ipv6Text(bytes);
}
