/**
 * SSDP (UPnP Device Architecture 2.0, section 1): HTTP-like messages in datagrams. M-SEARCH asks, NOTIFY announces, and
 * answers are `HTTP/1.1 200 OK` with ST and USN, which plain HTTP never sends over UDP.
 */
import {
  type Datagram,
  type DatagramDissector,
  type DatagramSession,
  type SessionContext,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { DetailValue } from './facts.ts';
import { textOf } from './text.ts';

const MAX_MESSAGE = 2048;
const MAX_FIELDS = 32;
const MAX_TYPES = 8;
/** Datagrams that are read. */
const MAX_DATAGRAMS = 8;
const START = /^(?:(M-SEARCH|NOTIFY|SEARCH|SUBSCRIBE) (?:\*|\/\S{0,128}) HTTP\/1\.[01]|HTTP\/1\.[01] (\d{3})(?: [ -~]{0,64})?)$/i;

interface Message {
  method: string;
  status: number | null;
  fields: Map<string, string>;
}

function parse(bytes: Uint8Array): Message | null {
  const text = Buffer.from(bytes.subarray(0, MAX_MESSAGE)).toString('latin1');
  const lines = text.split(/\r\n|\n/, MAX_FIELDS + 1);
  const start = START.exec(lines[0]);
  if (start === null || lines.length < 2) return null;
  const fields = new Map<string, string>();
  for (const line of lines.slice(1)) {
    if (line === '') break;
    const colon = line.indexOf(':');
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    if (/^[\w.-]{1,32}$/.test(name) && !fields.has(name))
      fields.set(name, textOf(Buffer.from(line.slice(colon + 1).trim(), 'latin1'), 256));
  }
  const status = start[2] === undefined ? null : Number(start[2]);
  const discover = /^"?ssdp:/i.test(fields.get('man') ?? '') || /^"?ssdp:|^"?upnp:/i.test(fields.get('nts') ?? '');
  const known = fields.has('st') || fields.has('nt') || fields.has('usn') || discover;
  if (!known && start[1]?.toUpperCase() !== 'M-SEARCH') return null;
  return { method: start[1]?.toUpperCase() ?? 'RESPONSE', status, fields };
}

function probe(datagrams: readonly Datagram[]): VerdictCode {
  const first = datagrams.at(-1);
  if (first === undefined) return Verdict.MORE;
  return parse(first.bytes) === null ? Verdict.NO : Verdict.YES;
}

class SsdpSession implements DatagramSession {
  confirmed = true;
  private readonly context: SessionContext;
  private readonly detail: Record<string, DetailValue>;
  private readonly types: string[] = [];
  private count = 0;

  constructor(context: SessionContext) {
    this.context = context;
    this.detail = context.facts.detail('ssdp');
  }

  advance({ bytes }: Datagram): boolean {
    const message = parse(bytes);
    if (message !== null) this.onMessage(message);
    return ++this.count >= MAX_DATAGRAMS;
  }

  private onMessage({ method, fields }: Message): void {
    const { detail } = this;
    detail.method ??= method;
    const type = fields.get('st') ?? fields.get('nt');
    if (type !== undefined && this.types.length < MAX_TYPES && !this.types.includes(type)) {
      this.types.push(type);
      detail.types = this.types;
    }
    for (const name of ['server', 'location', 'usn', 'nts', 'user-agent'] as const) {
      const value = fields.get(name);
      if (value !== undefined && value !== '') detail[name.replace('-', '_')] ??= value;
    }
    const host = /^([\d.]{7,15}|\[[\da-f:.%]{2,45}\]|[\w.-]{1,253})(?::\d{1,5})?$/i.exec(fields.get('host') ?? '')?.[1];
    if (host !== undefined) this.context.facts.nameHost(host.replace(/^\[|\]$/g, ''), 'protocol');
  }
}

export const ssdp: DatagramDissector = {
  transport: 'udp',
  protocol: 'ssdp',
  ports: [1900],
  probe,
  open: (context) => new SsdpSession(context),
};
