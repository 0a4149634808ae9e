/** Outbox entries built by hand, through the names of the row layout. */
import { addressBytes } from '../../../src/flow/address-bytes.ts';
import type { RecordContext } from '../../../src/flow/materialise.ts';
import * as R from '../../../src/flow/row.ts';
import { END_REASONS } from '../../../src/shard/protocol.ts';

export interface RowSpec {
  protocol?: number;
  /** Text addresses; the row's A and B as given, so that a test can also build a row in the wrong order. */
  a?: string;
  b?: string;
  portA?: number;
  portB?: number;
  /** RowRole bits beside IPV6, which follows from the addresses. */
  role?: number;
  flags?: number;
  packetsA?: number;
  packetsB?: number;
  bytesA?: number;
  bytesB?: number;
  /** Stream nanoseconds. */
  first?: number;
  last?: number;
  ordinal?: number;
  salt?: boolean;
  scope?: number;
  parentScope?: number;
  vlan?: number[];
  icmpType?: number;
  icmpCode?: number;
  endReason?: (typeof END_REASONS)[number];
  interim?: boolean;
  interimSeq?: number;
  history?: string;
  /** packets A, packets B, bytes A, bytes B */
  previous?: [number, number, number, number];
  /** Further fields: [offset, kind, value]. */
  set?: [number, 'u8' | 'u16' | 'u32' | 'f32' | 'f64', number][];
}

function put(view: DataView, at: number, kind: 'u8' | 'u16' | 'u32' | 'f32' | 'f64', value: number): void {
  if (kind === 'u8') view.setUint8(at, value);
  else if (kind === 'u16') view.setUint16(at, value, true);
  else if (kind === 'u32') view.setUint32(at, value, true);
  else if (kind === 'f32') view.setFloat32(at, value, true);
  else view.setFloat64(at, value, true);
}

/** One outbox entry. Default: a TCP flow of 10 + 8 packets over one second, client A, no round trip seen. */
export function entry(spec: RowSpec = {}): Uint8Array {
  const bytes = new Uint8Array(R.OUTBOX_ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  const a = addressBytes(spec.a ?? '10.0.0.1') as Uint8Array;
  const b = addressBytes(spec.b ?? '192.0.2.10') as Uint8Array;
  bytes.set(a, R.F_ADDR_A);
  bytes.set(b, R.F_ADDR_B);
  const flags = spec.flags ?? R.RowFlag.SEEN_A | R.RowFlag.SEEN_B;
  const vlan = spec.vlan ?? [];
  const history = spec.history ?? '';
  const fields: NonNullable<RowSpec['set']> = [
    [R.F_PROTOCOL, 'u8', spec.protocol ?? 6],
    [R.F_ROLE, 'u8', (spec.role ?? R.RowRole.HAS_PORTS) | (a.length === 16 ? R.RowRole.IPV6 : 0)],
    [R.F_FLAGS, 'u32', flags],
    [R.F_PORT_A, 'u16', spec.portA ?? 51_514],
    [R.F_PORT_B, 'u16', spec.portB ?? 443],
    [R.F_PACKETS_A, 'f64', spec.packetsA ?? 10],
    [R.F_PACKETS_B, 'f64', spec.packetsB ?? 8],
    [R.F_BYTES_A, 'f64', spec.bytesA ?? 1000],
    [R.F_BYTES_B, 'f64', spec.bytesB ?? 9000],
    [R.F_FIRST_SEEN, 'f64', spec.first ?? 0],
    [R.F_LAST_SEEN, 'f64', spec.last ?? (spec.first ?? 0) + 1e9],
    [R.F_FIRST_ORDINAL, 'f64', spec.ordinal ?? 1],
    [R.F_ID_SALT, 'u8', spec.salt === true ? 1 : 0],
    [R.F_SCOPE, 'u32', spec.scope ?? 0],
    [R.F_PARENT_SCOPE, 'u32', spec.parentScope ?? 0],
    [R.F_VLAN_DEPTH, 'u8', vlan.length],
    [R.F_TCI0, 'u16', vlan[0] ?? 0],
    [R.F_TCI1, 'u16', vlan[1] ?? 0],
    [R.F_ICMP_TYPE, 'u8', spec.icmpType ?? 0],
    [R.F_ICMP_CODE, 'u8', spec.icmpCode ?? 0],
    [R.F_END_REASON, 'u8', END_REASONS.indexOf(spec.endReason ?? 'idle') + 1],
    [R.F_RECORD_KIND, 'u8', spec.interim === true ? 1 : 0],
    [R.F_INTERIM_SEQ, 'u32', spec.interimSeq ?? 0],
    [R.F_HISTORY_LENGTH, 'u8', history.length],
    [R.F_SYN_SYNACK_MS, 'f32', Number.NaN],
    [R.F_SYNACK_ACK_MS, 'f32', Number.NaN],
    ...(spec.set ?? []),
  ];
  for (const [at, kind, value] of fields) put(view, at, kind, value);
  Array.from(history).forEach((letter, index) => {
    bytes[R.F_HISTORY + index] = letter.charCodeAt(0);
  });
  (spec.previous ?? [0, 0, 0, 0]).forEach((value, index) => {
    view.setFloat64(R.E_PREVIOUS + index * 8, value, true);
  });
  return bytes;
}

/** The entry with a note behind it. */
export function noted(row: Uint8Array, note: string | Uint8Array): Uint8Array {
  const text = typeof note === 'string' ? new TextEncoder().encode(note) : note;
  const bytes = new Uint8Array(R.OUTBOX_ENTRY_BYTES * (1 + Math.ceil(text.length / R.OUTBOX_ENTRY_BYTES)));
  bytes.set(row);
  new DataView(bytes.buffer).setUint32(R.E_NOTE_BYTES, text.length, true);
  bytes.set(text, R.OUTBOX_ENTRY_BYTES);
  return bytes;
}

export function concat(entries: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(entries.length * R.OUTBOX_ENTRY_BYTES);
  entries.forEach((bytes, index) => {
    out.set(bytes, index * R.OUTBOX_ENTRY_BYTES);
  });
  return out;
}

export function context(overrides: Partial<RecordContext> = {}): RecordContext {
  return {
    baseSeconds: 1_700_000_000,
    communityIdSeed: 0,
    vlanAware: false,
    live: false,
    app: true,
    processes: false,
    localAddresses: new Set(),
    tunnels: new Map(),
    ...overrides,
  };
}
