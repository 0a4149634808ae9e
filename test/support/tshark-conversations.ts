/** Conversations as tshark sees them, frame by frame, and flows added up the same way. */
import type { Flow } from '../../src/api/contract.ts';
import { tsharkFields } from '../fixtures/tshark.ts';

const FIELDS = [
  'frame.len',
  'ip.src',
  'ip.dst',
  'ipv6.src',
  'ipv6.dst',
  'tcp.srcport',
  'tcp.dstport',
  'udp.srcport',
  'udp.dstport',
  'icmp.type',
  'icmpv6.type',
] as const;

/** Packets by `protocol end end`, ends in order of text. */
export type PacketCounts = Record<string, number>;

export interface TsharkCounts {
  frames: number;
  bytes: number;
  /** Of IPv4 and IPv6: what flows are made of. */
  ipFrames: number;
  ipBytes: number;
  /** TCP and UDP, of the innermost packet in a tunnel. */
  conversations: PacketCounts;
}

const keyOf = (protocol: string, ends: string[]): string => `${protocol} ${ends.toSorted().join(' ')}`;

export function tsharkCounts(path: string): TsharkCounts {
  const rows = tsharkFields(path, FIELDS);
  const counts: TsharkCounts = { frames: rows.length, bytes: 0, ipFrames: 0, ipBytes: 0, conversations: {} };
  for (const row of rows) {
    const length = Number(row['frame.len'][0]);
    const last = (name: (typeof FIELDS)[number]): string | undefined => row[name].at(-1);
    const source = last('ip.src') ?? last('ipv6.src');
    const destination = last('ip.dst') ?? last('ipv6.dst');
    counts.bytes += length;
    if (source === undefined || destination === undefined) continue;
    counts.ipFrames++;
    counts.ipBytes += length;
    // ICMP quotes the headers of others.
    if (row['icmp.type'].length + row['icmpv6.type'].length > 0) continue;
    const protocol = row['tcp.srcport'].length > 0 ? 'tcp' : 'udp';
    const [from, to] = [last(`${protocol}.srcport`), last(`${protocol}.dstport`)];
    if (from === undefined || to === undefined) continue;
    const key = keyOf(protocol, [`${source} ${from}`, `${destination} ${to}`]);
    counts.conversations[key] = (counts.conversations[key] ?? 0) + 1;
  }
  return counts;
}

export function flowConversations(flows: readonly Flow[]): PacketCounts {
  const counts: PacketCounts = {};
  for (const { protocol, initiator, responder, packets } of flows) {
    if (protocol !== 'tcp' && protocol !== 'udp') continue;
    const key = keyOf(protocol, [`${initiator.ip} ${initiator.port}`, `${responder.ip} ${responder.port}`]);
    counts[key] = (counts[key] ?? 0) + packets;
  }
  return counts;
}
