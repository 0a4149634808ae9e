/**
 * Zabbix (the vendor's header description): `ZBXD`, flags, length of the data, reserved or uncompressed length, all little
 * endian; the data of servers, proxies and agents is JSON or text, perhaps compressed.
 */
import { Cursor } from './cursor.ts';
import {
  CLIENT,
  Progress,
  type ProgressCode,
  SERVER,
  type SessionContext,
  type StreamDissector,
  type StreamHead,
  type StreamSession,
  Verdict,
  type VerdictCode,
} from './dissector.ts';
import type { DetailValue } from './facts.ts';
import { startsWith, textOf } from './text.ts';

const MAGIC = 'ZBXD';
const HEADER = 13;
const LARGE_HEADER = 21;
const COMMUNICATION = 1;
const COMPRESSED = 2;
const LARGE = 4;
/** What Zabbix itself takes at most: 1 GiB. */
const MAX_DATA = 2 ** 30;
const MAX_TEXT = 4096;

interface Header {
  flags: number;
  size: number;
  start: number;
}

function headerOf(head: StreamHead): Header | 'short' | 'bad' {
  const { bytes, length } = head;
  if (!startsWith(bytes, length, MAGIC.slice(0, Math.min(length, MAGIC.length)))) return 'bad';
  if (length < 5) return 'short';
  const flags = bytes[4];
  if ((flags & COMMUNICATION) === 0 || flags > 7) return 'bad';
  const large = (flags & LARGE) !== 0;
  const start = large ? LARGE_HEADER : HEADER;
  if (length < start) return 'short';
  const cursor = new Cursor(bytes, 5, start);
  const size = cursor.u32le();
  const high = large ? cursor.u32le() : 0;
  const other = cursor.u32le();
  // Old agents write the length in eight bytes: the upper half is the reserved field, and is 0 as well.
  if (size === 0 || size > MAX_DATA || high !== 0 || ((flags & COMPRESSED) === 0 && other !== 0) || other > MAX_DATA) return 'bad';
  return { flags, size, start };
}

function probe(heads: readonly [StreamHead, StreamHead]): VerdictCode {
  let certain = false;
  for (const side of [CLIENT, SERVER] as const) {
    const head = heads[side];
    if (head.length === 0) continue;
    const header = headerOf(head);
    // The question to a passive agent may be a plain line; the answer is framed.
    if (header === 'bad') {
      if (side === SERVER || !isKey(head)) return Verdict.NO;
    } else if (header !== 'short') certain = true;
  }
  if (certain) return Verdict.YES;
  return heads[CLIENT].complete && heads[SERVER].complete ? Verdict.NO : Verdict.MORE;
}

/** `agent.ping`, `vfs.fs.size[/,free]`. */
function isKey(head: StreamHead): boolean {
  return /^[a-z][\w.-]{0,48}(?:\[[^\r\n]{0,60})?\n?$/.test(
    Buffer.from(head.bytes.subarray(0, Math.min(head.length, 64))).toString('latin1'),
  );
}

class ZabbixSession implements StreamSession {
  confirmed = false;
  private readonly detail: Record<string, DetailValue>;
  private readonly done: [boolean, boolean] = [false, false];

  constructor(context: SessionContext) {
    this.detail = context.facts.detail('zabbix');
  }

  advance(heads: readonly [StreamHead, StreamHead]): ProgressCode {
    for (const side of [CLIENT, SERVER] as const) {
      const head = heads[side];
      if (!this.done[side] && head.length > 0) this.done[side] = this.onFrame(head, side === CLIENT);
      if (head.complete) this.done[side] = true;
    }
    return this.done[CLIENT] && this.done[SERVER] ? Progress.DONE : Progress.MORE;
  }

  private onFrame(head: StreamHead, client: boolean): boolean {
    const header = headerOf(head);
    if (header === 'short') return false;
    if (header === 'bad') {
      if (client && isKey(head)) this.detail.key ??= textOf(head.bytes.subarray(0, Math.min(head.length, 64)), 64).replace(/\?$/, '');
      return true;
    }
    this.confirmed = true;
    if ((header.flags & COMPRESSED) !== 0) {
      this.detail.compressed = true;
      return true;
    }
    const end = header.start + Math.min(header.size, MAX_TEXT);
    if (head.length < end && !head.complete) return false;
    const text = textOf(head.bytes.subarray(header.start, Math.min(end, head.length)), MAX_TEXT);
    for (const key of client ? ['request', 'host', 'session', 'version'] : ['response', 'info']) {
      const value = new RegExp(`"${key}":"([^"\\\\]{1,128})"`).exec(text)?.[1];
      if (value !== undefined && key !== 'session') this.detail[key] ??= value;
    }
    return true;
  }
}

export const zabbix: StreamDissector = {
  transport: 'tcp',
  protocol: 'zabbix',
  ports: [10_050, 10_051],
  probe,
  open: (context) => new ZabbixSession(context),
};
