/** A flow record as the device at one of its ends sees it. */
import type { FlowRecord } from '../flow/record.ts';
import { isOwnable } from './address-text.ts';
import { isStation } from './mac.ts';

export interface FlowEnd {
  readonly mac: string;
  readonly ip: string;
  readonly port: number | null;
  readonly isClient: boolean;
  /** Since the record before. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly packetsIn: number;
  readonly packetsOut: number;
  /** Whether this end has ever sent something in this flow, and whether the other has. */
  readonly hasSent: boolean;
  readonly isAnswered: boolean;
  readonly os: FlowRecord['os_a'];
  /** Address at the other end; null when that is a group or everybody. */
  readonly peer: string | null;
}

function peerOf({ ip, mac }: FlowRecord['endpoint_a']): string | null {
  const isGroup = mac !== null && !isStation(mac);
  return isGroup || !isOwnable(ip) ? null : ip;
}

/** `isA`: endpoint_a's end; else endpoint_b's. */
function endOf(record: FlowRecord, mac: string, isA: boolean): FlowEnd {
  const { endpoint_a: a, endpoint_b: b, delta } = record;
  const own = isA ? a : b;
  return {
    mac,
    ip: own.ip,
    port: own.port,
    isClient: record.client === (isA ? 'a_to_b' : 'b_to_a'),
    bytesIn: isA ? delta.bytes_b_to_a : delta.bytes_a_to_b,
    bytesOut: isA ? delta.bytes_a_to_b : delta.bytes_b_to_a,
    packetsIn: isA ? delta.packets_b_to_a : delta.packets_a_to_b,
    packetsOut: isA ? delta.packets_a_to_b : delta.packets_b_to_a,
    hasSent: (isA ? record.packets_a_to_b : record.packets_b_to_a) > 0,
    isAnswered: (isA ? record.packets_b_to_a : record.packets_a_to_b) > 0,
    os: isA ? record.os_a : record.os_b,
    peer: peerOf(isA ? b : a),
  };
}

/** The ends whose link address is a station's; one only when both have the same. */
export function flowEnds(record: FlowRecord): FlowEnd[] {
  const [a, b] = [record.endpoint_a.mac, record.endpoint_b.mac];
  const ends: FlowEnd[] = [];
  if (a !== null && isStation(a)) ends.push(endOf(record, a, true));
  if (b !== null && b !== a && isStation(b)) ends.push(endOf(record, b, false));
  return ends;
}

/** True on the first record that a flow has. */
export function isFirstRecord({ record, interim_seq }: FlowRecord): boolean {
  return record === 'interim' ? interim_seq === 1 : interim_seq === 0;
}

/** The last port that is not handed out to clients (RFC 6335 section 6). */
const LAST_SERVICE_PORT = 49_151;

/** The service that this end offers in the flow, as far as its content proves it. */
export function offeredService(record: FlowRecord, end: FlowEnd): { name: string; port: number; protocol: string } | null {
  const { app, protocol } = record;
  if (end.isClient || end.port === null || end.port > LAST_SERVICE_PORT || !end.hasSent || !end.isAnswered) return null;
  if (app === null || app.confidence !== 'dpi') return null;
  return { name: app.master ?? app.protocol, port: end.port, protocol };
}
