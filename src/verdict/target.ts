/**
 * What an inline capture may be told to deny, as text and as the key under which it stands in the table:
 *
 *   192.0.2.7   2001:db8::7          an address, as source or destination
 *   10.0.0.0/8  2001:db8::/32        a network
 *   tcp/23  udp/1900  port/445       a port of a protocol, or of any
 *   tcp 192.0.2.7:49152 198.51.100.9:443   a flow, both directions; IPv6 in brackets
 */
import { SensorError } from '../errors.ts';
import { addressBytes, addressPrefix } from '../flow/address-bytes.ts';

export const TargetKind = { NETWORK: 1, PORT: 2, FLOW: 3 } as const;

export const KEY_WORDS = 11;
const META = 1;
const PORTS = 2;
const ADDRESS_A = 3;
const ADDRESS_B = 7;

const PROTOCOLS: Readonly<Record<string, number>> = { port: 0, tcp: 6, udp: 17, sctp: 132 };

export interface Target {
  kind: (typeof TargetKind)[keyof typeof TargetKind];
  /** KEY_WORDS words, as `native/capture/verdict_table.h` draws them. */
  key: Uint32Array;
  /** Networks only. */
  ipv6: boolean;
  prefix: number;
}

export interface EndpointAddress {
  address: Uint8Array;
  port: number;
}

function portOf(text: string): number | null {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535 ? Number(text) : null;
}

/** `192.0.2.7:443`, `[2001:db8::7]:443`; null when it is none. */
export function parseEndpoint(text: string): EndpointAddress | null {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text);
  if (match === null) return null;
  const address = addressBytes(match[1] ?? match[2]);
  const port = portOf(match[3]);
  return address === null || port === null ? null : { address, port };
}

/** 16 bytes, IPv4 in the first 4. */
export function padded(address: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16);
  bytes.set(address);
  return bytes;
}

function putAddress(key: Uint32Array, at: number, address: Uint8Array): void {
  new Uint8Array(key.buffer).set(padded(address), at * 4);
}

function network(text: string): Target | null {
  const parsed = addressPrefix(text);
  if (parsed === null) return null;
  const { bytes, prefix } = parsed;
  const key = new Uint32Array(KEY_WORDS);
  const ipv6 = bytes.length === 16;
  key[0] = TargetKind.NETWORK;
  key[META] = (ipv6 ? 1 : 0) | (prefix << 8);
  putAddress(key, ADDRESS_A, bytes);
  return { kind: TargetKind.NETWORK, key, ipv6, prefix };
}

function port(text: string): Target | null {
  const [name, number, rest] = text.split('/');
  const protocol = PROTOCOLS[name];
  const value = number === undefined || rest !== undefined ? null : portOf(number);
  if (protocol === undefined || value === null) return null;
  const key = new Uint32Array(KEY_WORDS);
  key[0] = TargetKind.PORT;
  key[META] = protocol | (value << 16);
  return { kind: TargetKind.PORT, key, ipv6: false, prefix: 0 };
}

/** The lower endpoint first, as the capture thread orders them. */
function isOrdered(a: EndpointAddress, b: EndpointAddress): boolean {
  const order = Buffer.compare(padded(a.address), padded(b.address));
  return order < 0 || (order === 0 && a.port <= b.port);
}

function flow(text: string): Target | null {
  const [name, one, other, rest] = text.trim().split(/\s+/);
  const protocol = PROTOCOLS[name];
  const first = parseEndpoint(one ?? '');
  const second = parseEndpoint(other ?? '');
  if (!protocol || first === null || second === null || rest !== undefined || first.address.length !== second.address.length) return null;
  const [a, b] = isOrdered(first, second) ? [first, second] : [second, first];
  const key = new Uint32Array(KEY_WORDS);
  key[0] = TargetKind.FLOW;
  key[META] = protocol | (a.address.length === 16 ? 0x100 : 0);
  key[PORTS] = a.port | (b.port << 16);
  putAddress(key, ADDRESS_A, a.address);
  putAddress(key, ADDRESS_B, b.address);
  return { kind: TargetKind.FLOW, key, ipv6: false, prefix: 0 };
}

/** Null when the text is none of the four. */
export function parseTarget(text: string): Target | null {
  return network(text) ?? port(text) ?? flow(text);
}

/** @throws SensorError CONFIG */
export function targetOf(text: string): Target {
  const target = parseTarget(text);
  if (target !== null) return target;
  throw new SensorError('CONFIG', `cannot deny ${text}`, {
    hint: 'an address, a network (10.0.0.0/8), a port (tcp/23, udp/53, port/445) or a flow (tcp 192.0.2.7:49152 198.51.100.9:443)',
    detail: { target: text },
  });
}
