/** Which way a flow runs, seen from the host that the sensor runs on. */
import type { HostDirection } from './record.ts';

function isInternal4(bytes: Uint8Array, at: number): boolean {
  const first = bytes[at];
  const second = bytes[at + 1];
  if (first === 10) return true;
  if (first === 172) return second >= 16 && second < 32;
  if (first === 192) return second === 168;
  return first === 169 && second === 254;
}

function isMapped4(bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < 10; i++) if (bytes[at + i] !== 0) return false;
  return bytes[at + 10] === 0xff && bytes[at + 11] === 0xff;
}

/** RFC 1918, link-local (RFC 3927, RFC 4291) or unique local (RFC 4193); an IPv4-mapped address counts as its IPv4 address. */
export function isInternal(bytes: Uint8Array, at: number, ipv6: boolean): boolean {
  if (!ipv6) return isInternal4(bytes, at);
  const first = bytes[at];
  if ((first & 0xfe) === 0xfc) return true;
  if (first === 0xfe) return (bytes[at + 1] & 0xc0) === 0x80;
  return isMapped4(bytes, at) && isInternal4(bytes, at + 12);
}

/** 127/8 or ::1. */
export function isLoopback(bytes: Uint8Array, at: number, ipv6: boolean): boolean {
  if (!ipv6) return bytes[at] === 127;
  for (let i = 0; i < 15; i++) if (bytes[at + i] !== 0) return false;
  return bytes[at + 15] === 1;
}

export interface DirectionEnd {
  /** The address belongs to this host, loopback included. */
  own: boolean;
  internal: boolean;
}

/**
 * `local`: both ends are this host. `lateral`: both are internal addresses. `outbound`, `inbound`: this host is the
 * client, the server. Everything else, such as transit traffic on a mirror port, is `unknown`.
 */
export function hostDirection(client: DirectionEnd, server: DirectionEnd): HostDirection {
  if (client.own && server.own) return 'local';
  if (client.internal && server.internal) return 'lateral';
  if (client.own) return 'outbound';
  return server.own ? 'inbound' : 'unknown';
}
