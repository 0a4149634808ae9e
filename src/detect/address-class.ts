/** Which addresses can be somebody elsewhere. */
import type { Address } from './events.ts';

/** False for groups, broadcast, loopback, link-local and the unspecified address: those never leave the link. */
export function isRoutable(address: Address): boolean {
  const first = address.charCodeAt(0);
  const second = address.charCodeAt(1);
  if (address.length === 4) return first !== 0 && first !== 127 && first < 224 && !(first === 169 && second === 254);
  // Of 0000::/8 only the addresses that NAT64 gives to IPv4 (64:ff9b::/96, RFC 6052) are elsewhere.
  if (first === 0) return second === 0x64;
  return first !== 0xff && !(first === 0xfe && (second & 0xc0) === 0x80);
}

/** What an address is, as flags; KNOWN is always set. */
export const AddressClass = { KNOWN: 1, INTERNAL: 2, ROUTABLE: 4 } as const;
const { KNOWN, INTERNAL, ROUTABLE } = AddressClass;

export function classify(address: Address, context: { isInternal(address: Address): boolean }): number {
  return KNOWN | (context.isInternal(address) ? INTERNAL : 0) | (isRoutable(address) ? ROUTABLE : 0);
}

/** The same as flags that are looked at, and what they have to be. */
export const INSIDE = { mask: INTERNAL, is: INTERNAL } as const;
export const OUTSIDE = { mask: INTERNAL | ROUTABLE, is: ROUTABLE } as const;

/** One of our own networks, and no group. */
export const isOwnHost = (flags: number): boolean => (flags & (INTERNAL | ROUTABLE)) === (INTERNAL | ROUTABLE);
/** Somebody beyond the internal networks. */
export const isOutside = (flags: number): boolean => (flags & (INTERNAL | ROUTABLE)) === ROUTABLE;
export const isInside = (flags: number): boolean => (flags & INTERNAL) !== 0;

/** Somebody beyond the internal networks. */
export function isExternal(address: Address, context: { isInternal(address: Address): boolean }): boolean {
  return isRoutable(address) && !context.isInternal(address);
}
