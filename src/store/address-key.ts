/**
 * Addresses as keys whose order is that of the addresses, so that a network is one range of an index: IPv4 as a number,
 * IPv6 as its 16 bytes. SQLite sorts every number before every blob, so neither falls into a range of the other.
 */
import { addressBytes, addressPrefix } from '../flow/address-bytes.ts';
import { ipv6Text } from '../packet/address.ts';

export type AddressKey = number | Uint8Array;

export interface AddressRange {
  low: AddressKey;
  /** Inclusive. */
  high: AddressKey;
  exact: boolean;
}

const DOT = 46;
const ZERO = 48;

function ipv4Number(bytes: Uint8Array): number {
  return ((bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3]) >>> 0;
}

/** Dotted decimal as it is written everywhere here, by its digits: asked twice per flow. null for anything else. */
function plainIpv4(text: string): number | null {
  let number = 0;
  let byte = -1;
  let dots = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === DOT) {
      if (byte < 0) return null;
      number = number * 256 + byte;
      byte = -1;
      dots++;
    } else {
      const digit = code - ZERO;
      if (digit < 0 || digit > 9) return null;
      byte = Math.max(byte, 0) * 10 + digit;
      if (byte > 255) return null;
    }
  }
  return dots === 3 && byte >= 0 ? number * 256 + byte : null;
}

/** null when the text is no address. */
export function addressKey(text: string): AddressKey | null {
  const plain = plainIpv4(text);
  if (plain !== null) return plain;
  const bytes = addressBytes(text);
  if (bytes === null) return null;
  return bytes.length === 4 ? ipv4Number(bytes) : bytes;
}

/** An address, or a network such as `10.0.0.0/8` or `2001:db8::/32` (bits beyond the prefix are ignored); null when it is neither. */
export function addressRange(text: string): AddressRange | null {
  const network = addressPrefix(text);
  if (network === null) return null;
  const { bytes: low, prefix } = network;
  const width = low.length * 8;
  const high = low.map((byte, index) => byte | (0xff >> Math.min(8, Math.max(0, prefix - index * 8))));
  const exact = prefix === width;
  return width === 32 ? { low: ipv4Number(low), high: ipv4Number(high), exact } : { low, high, exact };
}

/** The /24 or /64 around an address, `10.1.2.0/24`; the text itself when it is no address. */
export function networkOf(ip: string): string {
  if (!ip.includes(':')) {
    const dot = ip.lastIndexOf('.');
    return dot < 0 ? ip : `${ip.slice(0, dot)}.0/24`;
  }
  const bytes = addressBytes(ip);
  if (bytes === null || bytes.length !== 16) return ip;
  return `${ipv6Text(new Uint8Array(bytes).fill(0, 8))}/64`;
}

/** Twelve hexadecimal digits with any of `:`, `-`, `.` or nothing between them, as `aa:bb:cc:dd:ee:ff`; else null. */
export function macOf(text: string): string | null {
  const digits = text.trim().toLowerCase().replaceAll(/[:.-]/g, '');
  if (!/^[0-9a-f]{12}$/.test(digits)) return null;
  return digits.match(/../g)?.join(':') ?? null;
}

/** Broadcast and multicast: no device has such an address. */
export function isGroupMac(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}
