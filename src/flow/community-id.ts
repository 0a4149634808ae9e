/**
 * Community ID v1: `"1:" + base64(sha1(seed . address . address . protocol . 0 . port . port))`, the smaller endpoint
 * (address bytes, then port) first. ICMP puts its type and counter-type in the place of the ports; a message without a
 * counterpart is one-way: (type, code), sender first, never swapped. TCP, UDP and SCTP have ports, the others none.
 * ICMPv6 hashes protocol 58, as the published baselines do. https://github.com/corelight/community-id-spec
 */
import { hash } from 'node:crypto';
import type { TunnelFacts } from '../native/engine.ts';
import { addressBytes } from './address-bytes.ts';
import {
  F_ADDR_A,
  F_ADDR_B,
  F_FLAGS,
  F_ICMP_CODE,
  F_ICMP_TYPE,
  F_PACKETS_A,
  F_PACKETS_B,
  F_PORT_A,
  F_PORT_B,
  F_PROTOCOL,
  F_ROLE,
  RowFlag,
  RowRole,
} from './row.ts';
import type { RowView } from './row-view.ts';

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;
const SCTP = 132;

/** Seed, two addresses, protocol, padding, two ports. */
const scratch = new Uint8Array(2 + 32 + 2 + 4);

const ICMP_PAIRS = new Map([
  [8, 0],
  [0, 8],
  [13, 14],
  [14, 13],
  [15, 16],
  [16, 15],
  [10, 9],
  [9, 10],
  [17, 18],
  [18, 17],
]);
const ICMPV6_PAIRS = new Map([
  [128, 129],
  [129, 128],
  [133, 134],
  [134, 133],
  [135, 136],
  [136, 135],
  [130, 131],
  [131, 130],
  [139, 140],
  [140, 139],
  [144, 145],
  [145, 144],
]);

export interface CommunityTuple {
  protocol: number;
  /** 4 or 16 bytes, both of one length. For a one-way tuple the sender's. */
  source: Uint8Array;
  destination: Uint8Array;
  /** null: the protocol has no ports. */
  sourcePort: number | null;
  destinationPort: number | null;
  /** Keep the order of the endpoints. */
  oneWay: boolean;
}

/** The (pseudo) ports of an ICMP or ICMPv6 message, and whether it is one-way. */
export function icmpPorts(protocol: number, type: number, code: number): { source: number; destination: number; oneWay: boolean } {
  const counter = (protocol === ICMPV6 ? ICMPV6_PAIRS : ICMP_PAIRS).get(type);
  return counter === undefined ? { source: type, destination: code, oneWay: true } : { source: type, destination: counter, oneWay: false };
}

/** Does Community ID hash ports for this protocol? */
export function hashesPorts(protocol: number): boolean {
  return protocol === TCP || protocol === UDP || protocol === SCTP || protocol === ICMP || protocol === ICMPV6;
}

function compare(bytes: Uint8Array, first: number, other: Uint8Array, second: number, length: number): number {
  for (let i = 0; i < length; i++) {
    const difference = bytes[first + i] - other[second + i];
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Hashes what `source` … `destinationPort` say, in that order, swapped where the specification wants it. */
function digest(
  seed: number,
  protocol: number,
  source: Uint8Array,
  sourceAt: number,
  destination: Uint8Array,
  destinationAt: number,
  length: number,
  sourcePort: number | null,
  destinationPort: number | null,
  oneWay: boolean,
): string {
  let order = oneWay ? 0 : compare(source, sourceAt, destination, destinationAt, length);
  if (order === 0 && !oneWay && sourcePort !== null && destinationPort !== null) order = sourcePort - destinationPort;
  const swap = order > 0;
  scratch[0] = seed >>> 8;
  scratch[1] = seed;
  let at = 2;
  const first = swap ? destination : source;
  const firstAt = swap ? destinationAt : sourceAt;
  const second = swap ? source : destination;
  const secondAt = swap ? sourceAt : destinationAt;
  for (let i = 0; i < length; i++) scratch[at++] = first[firstAt + i];
  for (let i = 0; i < length; i++) scratch[at++] = second[secondAt + i];
  scratch[at++] = protocol;
  scratch[at++] = 0;
  if (sourcePort !== null && destinationPort !== null) {
    const low = swap ? destinationPort : sourcePort;
    const high = swap ? sourcePort : destinationPort;
    scratch[at++] = low >>> 8;
    scratch[at++] = low;
    scratch[at++] = high >>> 8;
    scratch[at++] = high;
  }
  return `1:${hash('sha1', scratch.subarray(0, at), 'base64')}`;
}

/** Community ID of a tuple, or '' when the addresses are of different lengths. `seed` is 16 bits wide. */
export function communityId(tuple: CommunityTuple, seed: number): string {
  const { source, destination, protocol } = tuple;
  if (source.length !== destination.length || (source.length !== 4 && source.length !== 16)) return '';
  const ports = hashesPorts(protocol);
  const sourcePort = ports ? tuple.sourcePort : null;
  const destinationPort = ports ? tuple.destinationPort : null;
  return digest(seed, protocol, source, 0, destination, 0, source.length, sourcePort, destinationPort, tuple.oneWay);
}

/** Community ID of the flow row at `offset`. */
export function communityIdOfRow(row: RowView, offset: number, seed: number): string {
  const { bytes, view } = row;
  const protocol = bytes[offset + F_PROTOCOL];
  const role = bytes[offset + F_ROLE];
  const length = (role & RowRole.IPV6) !== 0 ? 16 : 4;
  const a = offset + F_ADDR_A;
  const b = offset + F_ADDR_B;
  const icmp = protocol === ICMP || protocol === ICMPV6;
  if (icmp && (role & RowRole.ONE_WAY) !== 0) {
    const fromB = senderIsB(row, offset);
    const type = bytes[offset + F_ICMP_TYPE];
    const code = bytes[offset + F_ICMP_CODE];
    return digest(seed, protocol, bytes, fromB ? b : a, bytes, fromB ? a : b, length, type, code, true);
  }
  // ICMP's pair of types stands in the place of ports without being any, so the flag says nothing about it.
  const ports = icmp || (hashesPorts(protocol) && (role & RowRole.HAS_PORTS) !== 0);
  const portA = ports ? view.getUint16(offset + F_PORT_A, true) : null;
  const portB = ports ? view.getUint16(offset + F_PORT_B, true) : null;
  return digest(seed, protocol, bytes, a, bytes, b, length, portA, portB, false);
}

/** Who sent a one-way message: the only side that sent anything, or the client when the flow holds both. */
function senderIsB(row: RowView, offset: number): boolean {
  if (row.view.getFloat64(offset + F_PACKETS_B, true) === 0) return false;
  if (row.view.getFloat64(offset + F_PACKETS_A, true) === 0) return true;
  return (row.view.getUint32(offset + F_FLAGS, true) & RowFlag.CLIENT_IS_B) !== 0;
}

/** Community ID of the flow that is the outer layer of a tunnel; '' when its addresses cannot be read. */
export function communityIdOfTunnel(tunnel: TunnelFacts, seed: number): string {
  const source = addressBytes(tunnel.source);
  const destination = addressBytes(tunnel.destination);
  if (source === null || destination === null) return '';
  const { protocol, sourcePort, destinationPort } = tunnel;
  return communityId({ protocol, source, destination, sourcePort, destinationPort, oneWay: false }, seed);
}
