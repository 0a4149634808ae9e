/** Turns the bytes of a flow row into the FlowRecord that exports, events and queries show. Pure; takes any bytes. */
import { type AppNote, addRisk, emptyNote, headerLabel, portLabel, shedLabel } from '../app/note.ts';
import { type OsRecord, osLabel } from '../fingerprint/os-labels.ts';
import type { TunnelFacts } from '../native/engine.ts';
import { ipv4Text, ipv6Text, macText } from '../packet/address.ts';
import { protocolName } from '../packet/protocol-names.ts';
import { TunnelType } from '../ring/layout.ts';
import { END_REASONS } from '../shard/protocol.ts';
import { communityIdOfRow, communityIdOfTunnel } from './community-id.ts';
import { entriesFor, noteBytes } from './entry.ts';
import { type FlowIdContext, flowIdOfRow } from './flow-id.ts';
import { type DirectionEnd, hostDirection, isInternal, isLoopback } from './host-direction.ts';
import type { Direction, Endpoint, FlowDelta, FlowRecord, HostDirection, ProcessFields, TunnelInfo, TunnelName } from './record.ts';
import * as R from './row.ts';
import { type RowView, rowView } from './row-view.ts';
import { connState, historyOf } from './zeek.ts';

/** What a row does not say of itself. Plain data: it is also sent to worker threads. */
export interface RecordContext extends FlowIdContext {
  /** 16 bits. */
  communityIdSeed: number;
  /** A capture from this host's interfaces: only then are `localAddresses` the host's. */
  live: boolean;
  /** Addresses of this host as `packet/address.ts` writes them. */
  localAddresses: ReadonlySet<string>;
  /** Is the application layer on? */
  app: boolean;
  /** Do records say which processes their ends belong to? */
  processes: boolean;
  /** The engine's tunnels by number. */
  tunnels: ReadonlyMap<number, TunnelFacts>;
}

const ICMP = 1;
const TCP = 6;
const decoder = new TextDecoder();
const encoder = new TextEncoder();
const ICMPV6 = 58;
const VLAN_ID = 0x0fff;
/** Tags whose ids a row keeps. */
const VLANS_KEPT = 2;

const TUNNEL_NAMES = new Map<number, TunnelName>(
  Object.entries(TunnelType)
    .filter(([name]) => name !== 'NONE')
    .map(([name, type]) => [type, name.toLowerCase() as TunnelName]),
);

/** Milliseconds and rates are kept to three decimals, in every output alike. */
function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/** Epoch seconds; the fraction apart from the whole seconds, so that nanoseconds survive as far as a double holds them. */
function epochSeconds(baseSeconds: number, streamNs: number): number {
  const whole = Math.floor(streamNs / 1e9);
  return baseSeconds + whole + (streamNs - whole * 1e9) / 1e9;
}

function endpoint(row: RowView, offset: number, b: boolean, ports: boolean, role: number, flags: number): Endpoint {
  const address = offset + (b ? R.F_ADDR_B : R.F_ADDR_A);
  const mac = offset + (b ? R.F_MAC_B : R.F_MAC_A);
  const ip =
    (role & R.RowRole.IPV6) !== 0
      ? ipv6Text(row.bytes.subarray(address, address + 16))
      : ipv4Text(row.bytes.subarray(address, address + 4));
  return {
    ip,
    port: ports ? row.view.getUint16(offset + (b ? R.F_PORT_B : R.F_PORT_A), true) : null,
    mac: (flags & R.RowFlag.ETHERNET) !== 0 ? macText(row.bytes.subarray(mac, mac + 6)) : null,
  };
}

function vlans(row: RowView, offset: number): number[] {
  const depth = Math.min(row.bytes[offset + R.F_VLAN_DEPTH], VLANS_KEPT);
  const ids: number[] = [];
  if (depth > 0) ids.push(row.view.getUint16(offset + R.F_TCI0, true) & VLAN_ID);
  if (depth > 1) ids.push(row.view.getUint16(offset + R.F_TCI1, true) & VLAN_ID);
  return ids;
}

function tunnelInfo(row: RowView, offset: number, role: number, context: RecordContext): TunnelInfo | null {
  if ((role & (R.RowRole.OUTER | R.RowRole.INNER)) === 0) return null;
  const outer = (role & R.RowRole.OUTER) !== 0;
  const facts = context.tunnels.get(row.view.getUint32(offset + R.F_PARENT_SCOPE, true));
  const scope = row.view.getUint32(offset + R.F_SCOPE, true);
  return {
    role: outer ? 'outer' : 'inner',
    type: (facts === undefined ? undefined : TUNNEL_NAMES.get(facts.type)) ?? 'unknown',
    id: facts === undefined ? (scope === 0 ? null : scope) : facts.scope,
    parent: outer || facts === undefined ? null : communityIdOfTunnel(facts, context.communityIdSeed),
  };
}

function directionOf(row: RowView, offset: number, a: string, b: string, clientIsB: boolean, context: RecordContext): HostDirection {
  const ipv6 = (row.bytes[offset + R.F_ROLE] & R.RowRole.IPV6) !== 0;
  const end = (ip: string, at: number): DirectionEnd => ({
    own: isLoopback(row.bytes, at, ipv6) || (context.live && context.localAddresses.has(ip)),
    internal: isInternal(row.bytes, at, ipv6),
  });
  const endA = end(a, offset + R.F_ADDR_A);
  const endB = end(b, offset + R.F_ADDR_B);
  return clientIsB ? hostDirection(endB, endA) : hostDirection(endA, endB);
}

type Totals = Pick<
  FlowRecord,
  | 'first_seen'
  | 'last_seen'
  | 'duration_secs'
  | 'packets_a_to_b'
  | 'packets_b_to_a'
  | 'bytes_a_to_b'
  | 'bytes_b_to_a'
  | 'ip_bytes_a_to_b'
  | 'ip_bytes_b_to_a'
  | 'payload_bytes_a_to_b'
  | 'payload_bytes_b_to_a'
  | 'packets_total'
  | 'bytes_total'
  | 'avg_bps'
  | 'pps'
  | 'avg_packet_size'
>;

function totals(view: DataView, offset: number, baseSeconds: number): Totals {
  const first = view.getFloat64(offset + R.F_FIRST_SEEN, true);
  const last = view.getFloat64(offset + R.F_LAST_SEEN, true);
  const duration = (last - first) / 1e9;
  const packetsA = view.getFloat64(offset + R.F_PACKETS_A, true);
  const packetsB = view.getFloat64(offset + R.F_PACKETS_B, true);
  const bytesA = view.getFloat64(offset + R.F_BYTES_A, true);
  const bytesB = view.getFloat64(offset + R.F_BYTES_B, true);
  const packets = packetsA + packetsB;
  const bytes = bytesA + bytesB;
  return {
    first_seen: epochSeconds(baseSeconds, first),
    last_seen: epochSeconds(baseSeconds, last),
    duration_secs: duration,
    packets_a_to_b: packetsA,
    packets_b_to_a: packetsB,
    bytes_a_to_b: bytesA,
    bytes_b_to_a: bytesB,
    ip_bytes_a_to_b: view.getFloat64(offset + R.F_IP_BYTES_A, true),
    ip_bytes_b_to_a: view.getFloat64(offset + R.F_IP_BYTES_B, true),
    payload_bytes_a_to_b: view.getFloat64(offset + R.F_PAYLOAD_A, true),
    payload_bytes_b_to_a: view.getFloat64(offset + R.F_PAYLOAD_B, true),
    packets_total: packets,
    bytes_total: bytes,
    avg_bps: duration > 0 ? round3((bytes * 8) / duration) : 0,
    pps: duration > 0 ? round3(packets / duration) : 0,
    avg_packet_size: packets > 0 ? round3(bytes / packets) : 0,
  };
}

type Timings = Pick<
  FlowRecord,
  'syn_synack_ms' | 'synack_ack_ms' | 'rtt_last_ms' | 'rtt_min_ms' | 'rtt_ewma_ms' | 'rtt_jitter_ms' | 'rtt_samples'
>;

function timings(view: DataView, offset: number, tcp: boolean): Timings {
  const samples = tcp ? view.getUint32(offset + R.F_RTT_SAMPLES, true) : 0;
  const ms = (at: number, known: boolean): number | null => {
    const value = known ? view.getFloat32(offset + at, true) : Number.NaN;
    return Number.isNaN(value) ? null : round3(value);
  };
  return {
    syn_synack_ms: ms(R.F_SYN_SYNACK_MS, tcp),
    synack_ack_ms: ms(R.F_SYNACK_ACK_MS, tcp),
    rtt_last_ms: ms(R.F_RTT_LAST_MS, samples > 0),
    rtt_min_ms: ms(R.F_RTT_MIN_MS, samples > 0),
    rtt_ewma_ms: ms(R.F_RTT_EWMA_MS, samples > 0),
    rtt_jitter_ms: ms(R.F_RTT_JITTER_MS, samples > 0),
    rtt_samples: samples,
  };
}

type Repairs = Pick<
  FlowRecord,
  | 'retransmissions'
  | 'retransmissions_a_to_b'
  | 'retransmissions_b_to_a'
  | 'out_of_order'
  | 'out_of_order_a_to_b'
  | 'out_of_order_b_to_a'
  | 'fast_retransmissions'
  | 'spurious_retransmissions'
  | 'duplicate_acks'
  | 'keep_alives'
  | 'zero_windows'
  | 'sack_blocks'
>;

function repairs(view: DataView, offset: number): Repairs {
  const at = (field: number): number => view.getUint32(offset + field, true);
  return {
    retransmissions: at(R.F_RETRANS_A) + at(R.F_RETRANS_B),
    retransmissions_a_to_b: at(R.F_RETRANS_A),
    retransmissions_b_to_a: at(R.F_RETRANS_B),
    out_of_order: at(R.F_OOO_A) + at(R.F_OOO_B),
    out_of_order_a_to_b: at(R.F_OOO_A),
    out_of_order_b_to_a: at(R.F_OOO_B),
    fast_retransmissions: at(R.F_FAST_RETRANS),
    spurious_retransmissions: at(R.F_SPURIOUS),
    duplicate_acks: at(R.F_DUP_ACKS),
    keep_alives: at(R.F_KEEP_ALIVES),
    zero_windows: at(R.F_ZERO_WINDOWS),
    sack_blocks: at(R.F_SACK_BLOCKS),
  };
}

function delta(view: DataView, offset: number): FlowDelta {
  const since = (total: number, previous: number): number =>
    view.getFloat64(offset + total, true) - view.getFloat64(offset + R.E_PREVIOUS + previous * 8, true);
  return {
    packets_a_to_b: since(R.F_PACKETS_A, 0),
    packets_b_to_a: since(R.F_PACKETS_B, 1),
    bytes_a_to_b: since(R.F_BYTES_A, 2),
    bytes_b_to_a: since(R.F_BYTES_B, 3),
  };
}

function osOf(bytes: Uint8Array, at: number): OsRecord | null {
  const label = osLabel(bytes[at]);
  return label === null ? null : { label, confidence: bytes[at + R.F_OS_CONFIDENCE_A - R.F_OS_A] / 100 };
}

/** Nobody answers these. */
const ONE_WAY_PROTOCOLS = new Set(['syslog', 'netflow', 'sflow', 'rtp', 'mdns', 'collectd', 'capwap', 'ssdp']);

/** One side only has sent, to an address that could have answered. */
function isOneWay(bytes: Uint8Array, view: DataView, offset: number): boolean {
  const aSent = view.getFloat64(offset + R.F_PACKETS_A, true) > 0;
  const bSent = view.getFloat64(offset + R.F_PACKETS_B, true) > 0;
  if (aSent === bSent) return false;
  const at = offset + (aSent ? R.F_ADDR_B : R.F_ADDR_A);
  if ((bytes[offset + R.F_ROLE] & R.RowRole.IPV6) !== 0) return bytes[at] !== 0xff;
  return bytes[at] < 224 && !(bytes[at + 3] === 255);
}

type NoteFields = AppNote & Partial<ProcessFields>;

/** What the application layer says: the note, or, without a label in it, what the IP protocol or the port alone tells. */
function appFields({ bytes, view }: RowView, offset: number, protocol: number, clientIsB: boolean, context: RecordContext): NoteFields {
  const fields: NoteFields = context.processes ? { ...emptyNote(), process_a: null, process_b: null } : emptyNote();
  if (!context.app && !context.processes) return fields;
  const note = noteBytes(bytes, offset);
  // Notes are ours; one that cannot be read is a bug, and costs its own text only.
  if (note.length > 0) Object.assign(fields, JSON.parse(decoder.decode(note)));
  if (!context.app) return fields;
  fields.os_a = osOf(bytes, offset + R.F_OS_A);
  fields.os_b = osOf(bytes, offset + R.F_OS_B);
  if (isOneWay(bytes, view, offset) && !ONE_WAY_PROTOCOLS.has(fields.app?.protocol ?? '')) addRisk(fields, 'unidirectional_traffic');
  if (fields.app === null) {
    const portA = view.getUint16(offset + R.F_PORT_A, true);
    const portB = view.getUint16(offset + R.F_PORT_B, true);
    const byPort = clientIsB ? portLabel(protocol, portA, portB) : portLabel(protocol, portB, portA);
    const isShed = (view.getUint32(offset + R.F_FLAGS, true) & R.RowFlag.APP_SHED) !== 0;
    fields.app = headerLabel(protocol) ?? (isShed ? shedLabel(byPort) : byPort);
  }
  return fields;
}

/** The record of the outbox entry at `offset` (OUTBOX_ENTRY_BYTES long: deltas are formed with what lies behind the row). */
export function materialise(row: RowView, offset: number, context: RecordContext): FlowRecord {
  const { bytes, view } = row;
  const protocol = bytes[offset + R.F_PROTOCOL];
  const role = bytes[offset + R.F_ROLE];
  const flags = view.getUint32(offset + R.F_FLAGS, true);
  const tcp = protocol === TCP;
  const icmp = protocol === ICMP || protocol === ICMPV6;
  const ports = !icmp && (role & R.RowRole.HAS_PORTS) !== 0;
  const clientIsB = (flags & R.RowFlag.CLIENT_IS_B) !== 0;
  const seenA = (flags & R.RowFlag.SEEN_A) !== 0;
  const seenB = (flags & R.RowFlag.SEEN_B) !== 0;
  const a = endpoint(row, offset, false, ports, role, flags);
  const b = endpoint(row, offset, true, ports, role, flags);
  const client: Direction = clientIsB ? 'b_to_a' : 'a_to_b';
  return {
    flow_id: flowIdOfRow(row, offset, context),
    community_id: communityIdOfRow(row, offset, context.communityIdSeed),
    protocol: protocolName(protocol),
    ip_proto: protocol,
    ip_version: (role & R.RowRole.IPV6) !== 0 ? 6 : 4,
    vlan: vlans(row, offset),
    tunnel: tunnelInfo(row, offset, role, context),
    endpoint_a: a,
    endpoint_b: b,
    client,
    direction_reason: R.DIRECTION_REASONS[bytes[offset + R.F_DIRECTION_REASON]] ?? 'first_packet',
    direction: directionOf(row, offset, a.ip, b.ip, clientIsB, context),
    icmp_type: icmp ? bytes[offset + R.F_ICMP_TYPE] : null,
    icmp_code: icmp ? bytes[offset + R.F_ICMP_CODE] : null,
    ...totals(view, offset, context.baseSeconds),
    tcp_state: tcp ? (R.TCP_STATES[bytes[offset + R.F_TCP_STATE]] ?? 'unknown') : null,
    conn_state: connState(view, offset),
    history: historyOf(view, offset),
    tcp_flags_a_to_b: tcp ? bytes[offset + R.F_TCP_FLAGS_A] : null,
    tcp_flags_b_to_a: tcp ? bytes[offset + R.F_TCP_FLAGS_B] : null,
    ...timings(view, offset, tcp),
    ...repairs(view, offset),
    window_min_a_to_b: tcp && seenA ? view.getUint16(offset + R.F_WINDOW_MIN_A, true) : null,
    window_min_b_to_a: tcp && seenB ? view.getUint16(offset + R.F_WINDOW_MIN_B, true) : null,
    missed_bytes_a_to_b: view.getUint32(offset + R.F_MISSED_A, true),
    missed_bytes_b_to_a: view.getUint32(offset + R.F_MISSED_B, true),
    ttl_a_to_b: seenA ? bytes[offset + R.F_TTL_A] : null,
    ttl_b_to_a: seenB ? bytes[offset + R.F_TTL_B] : null,
    fragments: view.getUint32(offset + R.F_FRAGMENTS, true),
    snaplen_cut: view.getUint32(offset + R.F_SNAPLEN_CUT, true),
    dropped_count: view.getUint32(offset + R.F_DENIED, true),
    icmp_errors: view.getUint32(offset + R.F_ICMP_ERRORS, true),
    end_reason: END_REASONS[bytes[offset + R.F_END_REASON] - 1] ?? null,
    record: bytes[offset + R.F_RECORD_KIND] === 1 ? 'interim' : 'final',
    interim_seq: view.getUint32(offset + R.F_INTERIM_SEQ, true),
    delta: delta(view, offset),
    ...appFields(row, offset, protocol, clientIsB, context),
  };
}

/** The record of a bare row (ROW_BYTES): nothing was reported before, so its deltas are its totals. */
export function materialiseRow(bytes: Uint8Array, context: RecordContext, note = ''): FlowRecord {
  const text = encoder.encode(note);
  const entry = new Uint8Array(entriesFor(text.length) * R.OUTBOX_ENTRY_BYTES);
  entry.set(bytes.subarray(0, R.ROW_BYTES));
  entry[R.E_NOTE_BYTES] = text.length & 0xff;
  entry[R.E_NOTE_BYTES + 1] = text.length >> 8;
  entry.set(text, R.OUTBOX_ENTRY_BYTES);
  return materialise(rowView(entry), 0, context);
}
