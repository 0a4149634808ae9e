/** Dropbox LAN sync discovery: a JSON object that says which shared folders a host has. Not specified; as seen on the wire. */
import { Buffer } from 'node:buffer';
import { CountedSession } from './counted-session.ts';
import { type DatagramDissector, Verdict } from './dissector.ts';
import type { AppFacts } from './facts.ts';

const DATAGRAM_LIMIT = 4;
const TEXT_LIMIT = 2048;

/** The object as text; null when the names that it must have are not there. */
function announcementOf(bytes: Uint8Array): string | null {
  if (bytes.length < 40 || bytes[0] !== 0x7b) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, TEXT_LIMIT)).toString('latin1');
  return text.includes('"host_int"') && text.includes('"namespaces"') && text.includes('"version"') ? text : null;
}

/** Digits behind `"name":`. The object may be cut off, so it is not parsed as a whole. */
function digitsOf(text: string, name: string): string | null {
  const at = text.indexOf(`"${name}"`);
  return at < 0 ? null : (/^[ :"]{1,4}(\d{1,40})/.exec(text.slice(at + name.length + 2, at + name.length + 50))?.[1] ?? null);
}

function keep(facts: AppFacts, bytes: Uint8Array): boolean {
  const text = announcementOf(bytes);
  if (text === null) return false;
  const detail = facts.detail('dropbox_lan');
  const host = digitsOf(text, 'host_int');
  const port = digitsOf(text, 'port');
  if (host !== null) detail.host_id ??= host;
  if (port !== null) detail.port ??= Number(port);
  const version = /^ ?: ?\[(\d{1,4}), ?(\d{1,4})\]/.exec(text.slice(text.indexOf('"version"') + 9, text.indexOf('"version"') + 32));
  if (version !== null) detail.version ??= `${version[1]}.${version[2]}`;
  return true;
}

export const dropboxLan: DatagramDissector = {
  transport: 'udp',
  protocol: 'dropbox_lan',
  ports: [17500],
  probe: (datagrams) => (announcementOf(datagrams[datagrams.length - 1].bytes) === null ? Verdict.NO : Verdict.YES),
  open: ({ facts }) => new CountedSession(DATAGRAM_LIMIT, ({ bytes }) => keep(facts, bytes)),
};
