/** Flow records added up per canonical tuple, so that splitting a conversation into several flows costs nothing. */
import type { FlowRecord } from '../../src/flow/record.ts';

const WITH_PORTS = new Set([6, 17, 33, 132, 136]);

export interface TupleTotal {
  packetsAToB: number;
  packetsBToA: number;
  bytesAToB: number;
  bytesBToA: number;
  retransmissions: number;
  outOfOrder: number;
  tcpFlags: number;
  /** Seconds, of each flow whose handshake was seen. */
  handshakeRtt: number[];
  communityIds: Set<string>;
  initiator: 'a' | 'b';
  firstSeen: number;
}

/** IPv4 as 8 hex digits, IPv6 as 32, so that text order is address order within a version. */
function addressHex(address: string): string {
  if (!address.includes(':'))
    return address
      .split('.')
      .map((part) => Number(part).toString(16).padStart(2, '0'))
      .join('');
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const plain =
    dotted === null
      ? address
      : `${dotted[1]}${((Number(dotted[2]) << 8) | Number(dotted[3])).toString(16)}:${((Number(dotted[4]) << 8) | Number(dotted[5])).toString(16)}`;
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].map((part) => part.padStart(4, '0')).join('');
}

/** `protocol|address|port|address|port`, lower (version, address, port) first; ports only where the protocol has them. */
export function canonicalTuple(
  protocol: number,
  left: string,
  leftPort: number,
  right: string,
  rightPort: number,
): { key: string; swapped: boolean } {
  const ports = WITH_PORTS.has(protocol);
  const end = (address: string, port: number) => {
    const hex = addressHex(address);
    return {
      text: `${hex}|${ports ? port : 0}`,
      order: `${hex.length === 8 ? 4 : 6}${hex}${(ports ? port : 0).toString(16).padStart(4, '0')}`,
    };
  };
  const a = end(left, leftPort);
  const b = end(right, rightPort);
  return a.order <= b.order
    ? { key: `${protocol}|${a.text}|${b.text}`, swapped: false }
    : { key: `${protocol}|${b.text}|${a.text}`, swapped: true };
}

/** A truth file's tuple in the form of `canonicalTuple`. */
export function canonicalTruthTuple(key: string): string {
  const [protocol, left, leftPort, right, rightPort] = key.split('|');
  return canonicalTuple(Number(protocol), left, Number(leftPort), right, Number(rightPort)).key;
}

function emptyTotal(record: FlowRecord, initiator: 'a' | 'b'): TupleTotal {
  return {
    packetsAToB: 0,
    packetsBToA: 0,
    bytesAToB: 0,
    bytesBToA: 0,
    retransmissions: 0,
    outOfOrder: 0,
    tcpFlags: 0,
    handshakeRtt: [],
    communityIds: new Set(),
    initiator,
    firstSeen: record.first_seen,
  };
}

function addTcp(total: TupleTotal, record: FlowRecord): void {
  total.retransmissions += record.retransmissions;
  total.outOfOrder += record.out_of_order;
  total.tcpFlags |= (record.tcp_flags_a_to_b ?? 0) | (record.tcp_flags_b_to_a ?? 0);
  if (record.syn_synack_ms !== null && record.synack_ack_ms !== null)
    total.handshakeRtt.push((record.syn_synack_ms + record.synack_ack_ms) / 1000);
}

/** Final records in the order of their first packets, added up per tuple. */
export function totalsByTuple(records: FlowRecord[]): Map<string, TupleTotal> {
  const totals = new Map<string, TupleTotal>();
  for (const record of [...records].sort((left, right) => left.first_seen - right.first_seen)) {
    const { endpoint_a: a, endpoint_b: b } = record;
    const { key, swapped } = canonicalTuple(record.ip_proto, a.ip, a.port ?? 0, b.ip, b.port ?? 0);
    const clientIsA = (record.client === 'a_to_b') !== swapped;
    const total = totals.get(key) ?? emptyTotal(record, clientIsA ? 'a' : 'b');
    totals.set(key, total);
    total.packetsAToB += swapped ? record.packets_b_to_a : record.packets_a_to_b;
    total.packetsBToA += swapped ? record.packets_a_to_b : record.packets_b_to_a;
    total.bytesAToB += swapped ? record.bytes_b_to_a : record.bytes_a_to_b;
    total.bytesBToA += swapped ? record.bytes_a_to_b : record.bytes_b_to_a;
    if (record.community_id !== '') total.communityIds.add(record.community_id);
    if (record.ip_proto === 6) addTcp(total, record);
  }
  return totals;
}
