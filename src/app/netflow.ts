/** NetFlow v1, v5, v7 (Cisco's export formats), v9 (RFC 3954), and IPFIX (RFC 7011). */
import { CountedSession } from './counted-session.ts';
import { Cursor } from './cursor.ts';
import { CLIENT, type DatagramDissector, Verdict } from './dissector.ts';
import type { AppFacts } from './facts.ts';

const DATAGRAM_LIMIT = 16;
const SET_LIMIT = 256;
/** 1995 and 2060: what an exporter's clock may show. */
const EARLIEST = 788_918_400;
const LATEST = 2_840_140_800;

/** Versions whose records have a fixed size: [header, record, most records]. */
const fixed: Readonly<Record<number, readonly [number, number, number]>> = { 1: [16, 52, 24], 5: [24, 48, 30], 7: [24, 52, 28] };

interface Export {
  version: number;
  records: number;
  /** Source id of v9, observation domain of IPFIX, engine of v5. */
  source: number | null;
  templates: number[];
}

const TEMPLATE_LIMIT = 16;

/** Sets of v9 and IPFIX until exactly the end; null when they do not fit. */
function setsOf(cursor: Cursor, version: number): number[] | null {
  const first = version === 9 ? 0 : 2;
  const templates: number[] = [];
  for (let count = 0; count < SET_LIMIT && cursor.left >= 4; count++) {
    const id = cursor.u16();
    const length = cursor.u16();
    if (length < 4 || (id > first + 1 && id < 256) || id < first || length - 4 > cursor.left) return null;
    const body = cursor.part(length - 4);
    if (id === first && body.left >= 4) {
      const template = body.u16();
      // Templates are numbered from 256, and have fields.
      if (template < 256 || body.u16() === 0) return null;
      if (templates.length < TEMPLATE_LIMIT) templates.push(template);
    }
  }
  // Some exporters pad the datagram as well.
  return cursor.left < 4 ? templates : null;
}

function exportOf(bytes: Uint8Array): Export | null {
  const cursor = new Cursor(bytes);
  const version = cursor.u16();
  const count = cursor.u16();
  if (cursor.overrun) return null;
  if (version === 10) {
    const seconds = cursor.u32();
    cursor.skip(4);
    const source = cursor.u32();
    if (count !== bytes.length || seconds < EARLIEST || seconds > LATEST || cursor.left < 4) return null;
    const templates = setsOf(cursor, version);
    return templates === null ? null : { version, records: 0, source, templates };
  }
  cursor.skip(4);
  const seconds = cursor.u32();
  if (cursor.overrun || seconds < EARLIEST || seconds > LATEST || count === 0) return null;
  if (version === 9) {
    cursor.skip(4);
    const source = cursor.u32();
    const templates = cursor.left >= 4 && count < 4096 ? setsOf(cursor, version) : null;
    return templates === null ? null : { version, records: count, source, templates };
  }
  const shape = fixed[version];
  if (shape === undefined || count > shape[2] || bytes.length !== shape[0] + count * shape[1]) return null;
  return { version, records: count, source: version === 5 ? bytes[21] : null, templates: [] };
}

function keep(facts: AppFacts, bytes: Uint8Array): boolean {
  const found = exportOf(bytes);
  if (found === null) return false;
  const detail = facts.detail('netflow');
  detail.version ??= found.version === 10 ? 'ipfix' : `v${found.version}`;
  if (found.source !== null) detail.source_id ??= found.source;
  if (found.templates.length > 0) detail.templates ??= found.templates;
  detail.records = Number(detail.records ?? 0) + found.records;
  return true;
}

export const netflow: DatagramDissector = {
  transport: 'udp',
  protocol: 'netflow',
  ports: [2055, 4739, 9995, 9996],
  probe(datagrams) {
    const { bytes, side } = datagrams[datagrams.length - 1];
    return side === CLIENT && exportOf(bytes) !== null ? Verdict.YES : Verdict.NO;
  },
  open: ({ facts }) => new CountedSession(DATAGRAM_LIMIT, ({ bytes }) => keep(facts, bytes)),
};
