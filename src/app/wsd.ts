/** Web services dynamic discovery: SOAP over UDP (WS-Discovery of April 2005, and version 1.1 of OASIS). */
import { Buffer } from 'node:buffer';
import { CountedSession } from './counted-session.ts';
import { addDetail } from './detail.ts';
import { type DatagramDissector, Verdict } from './dissector.ts';
import type { AppFacts } from './facts.ts';
import { textOf } from './text.ts';

const DATAGRAM_LIMIT = 16;
/** Text that is searched; the namespaces stand at the front. */
const TEXT_LIMIT = 4096;
const VALUE_LIMIT = 512;
const NAMESPACES = ['schemas.xmlsoap.org/ws/2005/04/discovery', 'docs.oasis-open.org/ws-dd/ns/discovery/2009/01'];
const ACTIONS = ['Hello', 'Bye', 'ProbeMatches', 'Probe', 'ResolveMatches', 'Resolve'];

/** The message as text; null when it is no SOAP envelope of the discovery namespace. */
function envelopeOf(bytes: Uint8Array): string | null {
  const start = bytes.length > 3 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  if (bytes.length < 64 || bytes[start] !== 0x3c) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(bytes.length - start, TEXT_LIMIT)).toString('latin1');
  const envelope = text.indexOf('Envelope');
  return envelope >= 0 && envelope < 1024 && NAMESPACES.some((name) => text.includes(name)) ? text : null;
}

/** Text of the first element with this local name: `>` to the next `<`. */
function elementText(text: string, name: string): string | null {
  for (let at = text.indexOf(name), tries = 0; at >= 0 && tries < 8; at = text.indexOf(name, at + 1), tries++) {
    const before = text[at - 1];
    const after = text[at + name.length];
    if ((before !== ':' && before !== '<') || (after !== '>' && after !== ' ')) continue;
    const open = text.indexOf('>', at);
    const close = open < 0 ? -1 : text.indexOf('<', open);
    if (close < 0) return null;
    return textOf(Buffer.from(text.slice(open + 1, close).trim(), 'latin1'), VALUE_LIMIT);
  }
  return null;
}

function keep(facts: AppFacts, bytes: Uint8Array): boolean {
  const text = envelopeOf(bytes);
  if (text === null) return false;
  const detail = facts.detail('wsd');
  const action = elementText(text, 'Action')?.split('/').at(-1);
  if (action !== undefined && ACTIONS.includes(action)) addDetail(detail, 'actions', action);
  for (const [key, name] of [
    ['types', 'Types'],
    ['endpoint', 'Address'],
    ['addresses', 'XAddrs'],
    ['scopes', 'Scopes'],
  ] as const) {
    const value = elementText(text, name);
    if (value !== null && value !== '' && detail[key] === undefined) detail[key] = value;
  }
  return true;
}

export const wsd: DatagramDissector = {
  transport: 'udp',
  protocol: 'wsd',
  ports: [3702],
  probe: (datagrams) => (envelopeOf(datagrams[datagrams.length - 1].bytes) === null ? Verdict.NO : Verdict.YES),
  open: ({ facts }) => new CountedSession(DATAGRAM_LIMIT, ({ bytes }) => keep(facts, bytes)),
};
