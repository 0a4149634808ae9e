/**
 * What the opening segment of a TCP connection says about the stack that made it, and its text in the notation of
 * p0f 3 (docs/README, "TCP signatures"): `ver:ttl+distance:ipOptions:mss:window,scale:options:quirks:payload`.
 * Header layouts: RFC 791, RFC 8200, RFC 9293; options: RFC 9293 (0, 1, 2), RFC 7323 (3, 8), RFC 2018 (4, 5).
 */
import { Cursor } from '../app/cursor.ts';

export const OPTION_END = 0;
export const OPTION_NOP = 1;
export const OPTION_MSS = 2;
export const OPTION_SCALE = 3;
export const OPTION_SACK_OK = 4;
export const OPTION_SACK = 5;
export const OPTION_TIMESTAMP = 8;

export interface SynFeatures {
  ipVersion: 4 | 6;
  /** As received. */
  ttl: number;
  windowSize: number;
  /** 0 = no such option. */
  mss: number;
  /** -1 = no such option. */
  windowScale: number;
  /** Option kinds in the order of the header, NOP and the first end-of-list included. */
  options: readonly number[];
  df: boolean;
  ipIdZero: boolean;
  /** ECE or CWR, or a congestion mark in the IP header. */
  ecn: boolean;
  seqZero: boolean;
  /** SYN: an acknowledgement number though ACK is not set. */
  ackNonzero: boolean;
  urgent: boolean;
  /** The segment carries bytes. */
  payload: boolean;
  /** 0 = none, or zero. */
  tsVal: number;
  tsEcr: number;
  /** The rest is rare, and false or 0 where it is left out. */
  ipOptionBytes?: number;
  ipReserved?: boolean;
  flowLabel?: boolean;
  push?: boolean;
  urgentPointer?: boolean;
  /** SYN+ACK: acknowledgement number 0. */
  ackZero?: boolean;
  /** Bytes behind the end-of-list option. */
  paddingBytes?: number;
  paddingNonzero?: boolean;
  badOptions?: boolean;
  /** IP and TCP header together. */
  headerBytes?: number;
  /** A SYN+ACK. */
  answer?: boolean;
  /** SYN+ACK: the MSS of the SYN that it answers, 0 when that was not seen. */
  peerMss?: number;
}

const NO_OPTIONS = {
  mss: 0,
  windowScale: -1,
  options: [] as number[],
  tsVal: 0,
  tsEcr: 0,
  paddingBytes: 0,
  paddingNonzero: false,
  badOptions: false,
};
/** Length of the options that have a fixed one. */
const OPTION_LENGTH: Readonly<Record<number, number>> = { [OPTION_MSS]: 4, [OPTION_SCALE]: 3, [OPTION_SACK_OK]: 2, [OPTION_TIMESTAMP]: 10 };

/** The options of a TCP header; at most 40 bytes by the width of the data offset. */
function readOptions(bytes: Uint8Array): typeof NO_OPTIONS {
  const found = { ...NO_OPTIONS, options: [] as number[] };
  const cursor = new Cursor(bytes);
  while (cursor.left > 0) {
    const kind = cursor.u8();
    found.options.push(kind);
    if (kind === OPTION_NOP) continue;
    if (kind === OPTION_END) {
      found.paddingBytes = cursor.left;
      found.paddingNonzero = cursor.take(cursor.left).some((byte) => byte !== 0);
      break;
    }
    const length = cursor.u8();
    const value = cursor.part(length - 2);
    if (cursor.overrun || length < 2 || length !== (OPTION_LENGTH[kind] ?? length)) {
      found.badOptions = true;
      if (cursor.overrun || length < 2) break;
      continue;
    }
    if (kind === OPTION_MSS) found.mss = value.u16();
    else if (kind === OPTION_SCALE) found.windowScale = value.u8();
    else if (kind === OPTION_TIMESTAMP) {
      found.tsVal = value.u32();
      found.tsEcr = value.u32();
    }
  }
  return found;
}

type NetworkPart = Pick<
  Required<SynFeatures>,
  'ipVersion' | 'ttl' | 'df' | 'ipIdZero' | 'ecn' | 'ipOptionBytes' | 'ipReserved' | 'flowLabel'
>;

function readNetwork(cursor: Cursor): { part: NetworkPart; transportBytes: number } | null {
  const version = cursor.left > 0 ? cursor.bytes[cursor.at] >> 4 : 0;
  if (version === 4) {
    const headerBytes = (cursor.u8() & 15) * 4;
    const tos = cursor.u8();
    const total = cursor.u16();
    const id = cursor.u16();
    const fragment = cursor.u16();
    const ttl = cursor.u8();
    const protocol = cursor.u8();
    cursor.skip(headerBytes - 10);
    if (cursor.overrun || headerBytes < 20 || protocol !== 6 || (fragment & 0x1fff) !== 0) return null;
    const part: NetworkPart = {
      ipVersion: 4,
      ttl,
      df: (fragment & 0x4000) !== 0,
      ipIdZero: id === 0,
      ecn: (tos & 3) !== 0,
      ipOptionBytes: headerBytes - 20,
      ipReserved: (fragment & 0x8000) !== 0,
      flowLabel: false,
    };
    return { part, transportBytes: total - headerBytes };
  }
  if (version !== 6) return null;
  const word = cursor.u32();
  const transportBytes = cursor.u16();
  const next = cursor.u8();
  const ttl = cursor.u8();
  cursor.skip(32);
  if (cursor.overrun || next !== 6) return null;
  const ecn = ((word >>> 20) & 3) !== 0;
  const flowLabel = (word & 0xfffff) !== 0;
  return { part: { ipVersion: 6, ttl, df: false, ipIdZero: false, ecn, ipOptionBytes: 0, ipReserved: false, flowLabel }, transportBytes };
}

/**
 * Reads the features from an IP packet (first byte: IP version) that holds a SYN or a SYN+ACK.
 * Null for everything else, for IPv6 with extension headers, and when the TCP header is not whole.
 */
export function readSynFeatures(packet: Uint8Array, peerMss = 0): SynFeatures | null {
  const cursor = new Cursor(packet);
  const network = readNetwork(cursor);
  if (network === null) return null;
  const headerStart = cursor.at;
  cursor.skip(4);
  const seq = cursor.u32();
  const ack = cursor.u32();
  const offset = cursor.u8();
  const flags = cursor.u8();
  const windowSize = cursor.u16();
  cursor.skip(2);
  const pointer = cursor.u16();
  const tcpBytes = (offset >> 4) * 4;
  const options = cursor.take(tcpBytes - 20);
  if (cursor.overrun || tcpBytes < 20 || (flags & 0x07) !== 0x02) return null;
  const isAnswer = (flags & 0x10) !== 0;
  return {
    ...network.part,
    ...readOptions(options),
    windowSize,
    ecn: network.part.ecn || (flags & 0xc0) !== 0 || (offset & 1) !== 0,
    seqZero: seq === 0,
    ackNonzero: !isAnswer && ack !== 0,
    ackZero: isAnswer && ack === 0,
    urgent: (flags & 0x20) !== 0,
    urgentPointer: (flags & 0x20) === 0 && pointer !== 0,
    push: (flags & 0x08) !== 0,
    payload: network.transportBytes > tcpBytes,
    headerBytes: headerStart + tcpBytes,
    answer: isAnswer,
    peerMss: isAnswer ? peerMss : 0,
  };
}

/** The initial TTL that stacks use: the next of 32, 64, 128, 255 from what arrived. */
export function initialTtl(ttl: number): number {
  if (ttl <= 32) return 32;
  if (ttl <= 64) return 64;
  return ttl <= 128 ? 128 : 255;
}

/** Farther away than this, a TTL says nothing about its start. */
export const MAX_DISTANCE = 35;

const IPV4_HEADERS = 40;
const IPV6_HEADERS = 60;
const ETHERNET_MTU = 1500;
const TIMESTAMP_BYTES = 12;

export interface WindowMultiple {
  unit: 'mss' | 'mtu';
  count: number;
}

/** Stacks size their first window in segments of their own, of the Ethernet or of the peer, sometimes of whole packets. */
export function windowMultiple(features: SynFeatures): WindowMultiple | null {
  const { windowSize, mss, ipVersion, tsVal, peerMss = 0, headerBytes = 0 } = features;
  if (windowSize === 0 || mss < 100) return null;
  const tries: (readonly [number, 'mss' | 'mtu'])[] = [[mss, 'mss']];
  if (tsVal !== 0) tries.push([mss - TIMESTAMP_BYTES, 'mss']);
  tries.push([ETHERNET_MTU - IPV4_HEADERS, 'mss'], [ETHERNET_MTU - IPV4_HEADERS - TIMESTAMP_BYTES, 'mss']);
  if (ipVersion === 6) tries.push([ETHERNET_MTU - IPV6_HEADERS, 'mss'], [ETHERNET_MTU - IPV6_HEADERS - TIMESTAMP_BYTES, 'mss']);
  tries.push([mss + IPV4_HEADERS, 'mtu']);
  if (headerBytes > 0) tries.push([mss + headerBytes, 'mtu']);
  if (ipVersion === 6) tries.push([mss + IPV6_HEADERS, 'mtu']);
  tries.push([ETHERNET_MTU, 'mtu']);
  if (peerMss > TIMESTAMP_BYTES) tries.push([peerMss, 'mss'], [peerMss - TIMESTAMP_BYTES, 'mss']);
  for (const [size, unit] of tries) if (windowSize % size === 0) return { unit, count: windowSize / size };
  return null;
}

const OPTION_NAMES: Readonly<Record<number, string>> = {
  [OPTION_NOP]: 'nop',
  [OPTION_MSS]: 'mss',
  [OPTION_SCALE]: 'ws',
  [OPTION_SACK_OK]: 'sok',
  [OPTION_SACK]: 'sack',
  [OPTION_TIMESTAMP]: 'ts',
};

/** `mss,sok,ts,nop,ws`; the padding behind an end of list is counted: `eol+1`. */
export function optionLayout(features: SynFeatures): string {
  return features.options
    .map((kind) => (kind === OPTION_END ? `eol+${features.paddingBytes ?? 0}` : (OPTION_NAMES[kind] ?? `?${kind}`)))
    .join(',');
}

const LARGEST_SCALE = 14;

/** What is remarkable about the headers, in the order and by the names of p0f. */
export function quirksOf(features: SynFeatures): string[] {
  const isV4 = features.ipVersion === 4;
  const hasTimestamp = features.options.includes(OPTION_TIMESTAMP);
  const all: [boolean, string][] = [
    [features.df, 'df'],
    [isV4 && features.df && !features.ipIdZero, 'id+'],
    [isV4 && !features.df && features.ipIdZero, 'id-'],
    [features.ecn, 'ecn'],
    [features.ipReserved === true, '0+'],
    [features.flowLabel === true, 'flow'],
    [features.seqZero, 'seq-'],
    [features.ackNonzero, 'ack+'],
    [features.ackZero === true, 'ack-'],
    [features.urgentPointer === true, 'uptr+'],
    [features.urgent, 'urgf+'],
    [features.push === true, 'pushf+'],
    [hasTimestamp && features.tsVal === 0, 'ts1-'],
    [hasTimestamp && features.tsEcr !== 0 && features.answer !== true, 'ts2+'],
    [features.paddingNonzero === true, 'opt+'],
    [features.windowScale > LARGEST_SCALE, 'exws'],
    [features.badOptions === true, 'bad'],
  ];
  return all.filter(([is]) => is).map(([, name]) => name);
}

/** The observed signature, `4:64+0:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0`. */
export function synSignature(features: SynFeatures): string {
  const distance = initialTtl(features.ttl) - features.ttl;
  const multiple = windowMultiple(features);
  const window = multiple === null ? features.windowSize : `${multiple.unit}*${multiple.count}`;
  return [
    features.ipVersion,
    `${features.ttl}+${distance > MAX_DISTANCE ? '?' : distance}`,
    features.ipOptionBytes ?? 0,
    features.mss,
    `${window},${Math.max(features.windowScale, 0)}`,
    optionLayout(features),
    quirksOf(features).join(','),
    features.payload ? '+' : 0,
  ].join(':');
}
