/**
 * collectd's binary protocol over UDP (the vendor's network plugin): parts of type, length and value that fill the datagram
 * exactly. Signed and encrypted datagrams begin with a part of their own.
 */
import { Cursor } from './cursor.ts';
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

const Type = {
  HOST: 0,
  TIME: 1,
  PLUGIN: 2,
  PLUGIN_INSTANCE: 3,
  TYPE: 4,
  TYPE_INSTANCE: 5,
  VALUES: 6,
  INTERVAL: 7,
  TIME_HR: 8,
  INTERVAL_HR: 9,
  MESSAGE: 0x100,
  SEVERITY: 0x101,
  SIGNATURE: 0x200,
  ENCRYPTION: 0x210,
} as const;
const HEADER = 4;
const HMAC = 32;
const MAX_PARTS = 256;
const MAX_PLUGINS = 16;

const TEXTS: ReadonlySet<number> = new Set([Type.HOST, Type.PLUGIN, Type.PLUGIN_INSTANCE, Type.TYPE, Type.TYPE_INSTANCE, Type.MESSAGE]);
const NUMBERS: ReadonlySet<number> = new Set([Type.TIME, Type.INTERVAL, Type.TIME_HR, Type.INTERVAL_HR, Type.SEVERITY]);

interface Parts {
  count: number;
  host: string | null;
  user: string | null;
  encrypted: boolean;
  plugins: string[];
}

/** The text of a part without its NUL; null when it is none. */
function textPart(value: Uint8Array): string | null {
  if (value.length === 0 || value.at(-1) !== 0) return null;
  for (let i = 0; i < value.length - 1; i++) if (value[i] < 0x20 || value[i] === 0x7f) return null;
  return textOf(value.subarray(0, -1), 256);
}

/** 1 + 8 bytes per value behind a count of two bytes; kinds are 0 to 3. */
function isValues(value: Uint8Array): boolean {
  const count = (value[0] << 8) | value[1];
  if (count === 0 || value.length !== 2 + 9 * count) return false;
  for (let i = 0; i < count; i++) if (value[2 + i] > 3) return false;
  return true;
}

function partsOf(bytes: Uint8Array): Parts | null {
  const cursor = new Cursor(bytes);
  const parts: Parts = { count: 0, host: null, user: null, encrypted: false, plugins: [] };
  while (cursor.left > 0 && parts.count < MAX_PARTS) {
    const type = cursor.u16();
    const length = cursor.u16();
    if (length < HEADER) return null;
    const value = cursor.take(length - HEADER);
    if (cursor.overrun) return null;
    if (!readPart(parts, type, value)) return null;
    parts.count++;
  }
  return cursor.left === 0 ? parts : null;
}

function readPart(parts: Parts, type: number, value: Uint8Array): boolean {
  if (TEXTS.has(type)) {
    const text = textPart(value);
    if (text === null || (parts.count === 0 && type !== Type.HOST)) return false;
    if (type === Type.HOST) parts.host ??= text;
    else if (type === Type.PLUGIN && parts.plugins.length < MAX_PLUGINS && !parts.plugins.includes(text)) parts.plugins.push(text);
    return true;
  }
  if (NUMBERS.has(type)) return parts.count > 0 && value.length === 8;
  if (type === Type.VALUES) return parts.count > 0 && isValues(value);
  if (parts.count > 0) return false;
  if (type === Type.SIGNATURE && value.length > HMAC) {
    parts.user = textOf(value.subarray(HMAC), 256);
    return true;
  }
  const size = (value[0] << 8) | value[1];
  if (type !== Type.ENCRYPTION || size === 0 || value.length < 2 + size + 16 + 20) return false;
  parts.user = textOf(value.subarray(2, 2 + size), 256);
  parts.encrypted = true;
  return /^[ -~]+$/.test(parts.user);
}

function probe(datagrams: readonly Datagram[]): VerdictCode {
  let encrypted = 0;
  for (const { bytes } of datagrams) {
    const parts = partsOf(bytes);
    if (parts === null) return Verdict.NO;
    if (parts.count >= 3 && parts.host !== null && parts.plugins.length > 0) return Verdict.YES;
    encrypted++;
  }
  return encrypted >= 2 ? Verdict.YES : Verdict.MORE;
}

class CollectdSession implements DatagramSession {
  confirmed = true;
  private readonly detail: Record<string, DetailValue>;

  constructor(context: SessionContext) {
    this.detail = context.facts.detail('collectd');
  }

  advance({ bytes }: Datagram): boolean {
    const parts = partsOf(bytes);
    if (parts === null) return true;
    if (parts.host !== null) this.detail.host ??= parts.host;
    if (parts.user !== null) this.detail.user ??= parts.user;
    if (parts.encrypted) this.detail.encrypted = true;
    if (parts.plugins.length > 0) this.detail.plugins ??= parts.plugins;
    return true;
  }
}

export const collectd: DatagramDissector = {
  transport: 'udp',
  protocol: 'collectd',
  ports: [25_826],
  probe,
  open: (context) => new CollectdSession(context),
};
