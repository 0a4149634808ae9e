/** IPv4 and IPv6 options by name. Both are lists of type, length, value; both have a one-byte padding option. */
import { hexText, ipv4Text } from '../address.ts';
import type { Ipv4Option } from './layers.ts';

const IPV4_NAMES = new Map<number, string>([
  [0, 'end of options'],
  [1, 'no operation'],
  [7, 'record route'],
  [68, 'timestamp'],
  [82, 'traceroute'],
  [130, 'security'],
  [131, 'loose source route'],
  [134, 'commercial security'],
  [136, 'stream id'],
  [137, 'strict source route'],
  [148, 'router alert'],
]);
const ROUTES = new Set([7, 131, 137]);

const HOME_ADDRESS = 0xc9;
const IPV6_NAMES = new Map<number, string>([
  [0x00, 'pad1'],
  [0x01, 'padN'],
  [0x05, 'router alert'],
  [0x07, 'calipso'],
  [0x04, 'tunnel encapsulation limit'],
  [0x23, 'rpl'],
  [0x63, 'rpl'],
  [0x26, 'quick-start'],
  [0x30, 'path mtu'],
  [0x6d, 'mpl'],
  [0xc2, 'jumbo payload'],
  [HOME_ADDRESS, 'home address'],
]);

/** Addresses of a recorded or source route: pointer, then IPv4 addresses. */
function routeText(value: Uint8Array): string {
  const hops: string[] = [];
  for (let at = 1; at + 4 <= value.length; at += 4) hops.push(ipv4Text(value.subarray(at, at + 4)));
  return `pointer ${value[0] ?? 0}: ${hops.join(' ')}`;
}

export function decodeIpv4Options(bytes: Uint8Array): Ipv4Option[] {
  const options: Ipv4Option[] = [];
  let at = 0;
  while (at < bytes.length) {
    const type = bytes[at] ?? 0;
    const name = IPV4_NAMES.get(type) ?? `option ${type}`;
    if (type === 0 || type === 1) {
      options.push({ type, name, value: '' });
      if (type === 0) break;
      at += 1;
      continue;
    }
    const length = bytes[at + 1] ?? 0;
    if (length < 2 || at + length > bytes.length) {
      options.push({ type, name: `${name} (malformed)`, value: hexText(bytes.subarray(at)) });
      break;
    }
    const value = bytes.subarray(at + 2, at + length);
    options.push({ type, name, value: ROUTES.has(type) && value.length > 0 ? routeText(value) : hexText(value) });
    at += length;
  }
  return options;
}

/** `fits` is false when an option ends outside the header: a receiver drops the packet then. */
export function decodeIpv6Options(bytes: Uint8Array): { options: Ipv4Option[]; fits: boolean } {
  const options: Ipv4Option[] = [];
  let at = 0;
  while (at < bytes.length) {
    const type = bytes[at] ?? 0;
    const name = IPV6_NAMES.get(type) ?? `option ${type}`;
    if (type === 0) {
      options.push({ type, name, value: '' });
      at += 1;
      continue;
    }
    // The home address has one length (RFC 6275, 6.3), whatever its length byte says.
    const length = type === HOME_ADDRESS && at + 1 < bytes.length ? 16 : bytes[at + 1];
    if (length === undefined || at + 2 + length > bytes.length) {
      options.push({ type, name: `${name} (malformed)`, value: hexText(bytes.subarray(at)) });
      return { options, fits: false };
    }
    options.push({ type, name, value: hexText(bytes.subarray(at + 2, at + 2 + length)) });
    at += 2 + length;
  }
  return { options, fits: true };
}
