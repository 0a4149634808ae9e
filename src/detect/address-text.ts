/** Addresses of events as people write them. */
import { ipv4Text, ipv6Text } from '../app/address-text.ts';
import type { Address } from './events.ts';

/** `10.0.0.1`, `2001:db8::1` (RFC 5952). */
export function addressText(address: Address): string {
  const bytes = Uint8Array.from(address, (character) => character.charCodeAt(0));
  return bytes.length === 4 ? ipv4Text(bytes) : ipv6Text(bytes);
}
