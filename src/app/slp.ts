/** Service location protocol: RFC 2165 (version 1), RFC 2608 (version 2). */
import { CountedSession } from './counted-session.ts';
import { Cursor } from './cursor.ts';
import { addDetail } from './detail.ts';
import { type DatagramDissector, Verdict } from './dissector.ts';
import type { AppFacts } from './facts.ts';
import { textOf } from './text.ts';

const DATAGRAM_LIMIT = 16;
const URL_LIMIT = 8;

const functions = [
  '',
  'service_request',
  'service_reply',
  'registration',
  'deregistration',
  'acknowledge',
  'attribute_request',
  'attribute_reply',
  'agent_advertisement',
  'type_request',
  'type_reply',
  'service_agent_advertisement',
];
const SERVICE_REQUEST = 1;
const SERVICE_REPLY = 2;
const REGISTRATION = 3;
const AGENT_ADVERTISEMENT = 8;
const TYPE_REPLY = 10;
const SERVICE_AGENT_ADVERTISEMENT = 11;

interface Header {
  version: number;
  function: number;
  language: string;
  /** Behind the header. */
  body: Cursor;
}

function isLanguage(bytes: Uint8Array): boolean {
  return (
    bytes.length > 0 &&
    bytes.every(
      (byte) => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x2d || (byte >= 0x30 && byte <= 0x39),
    )
  );
}

/** Version, function, exact length, reserved bits, and a language tag: all of them must fit. */
function headerOf(bytes: Uint8Array): Header | null {
  const cursor = new Cursor(bytes);
  const version = cursor.u8();
  const code = cursor.u8();
  if (code === 0 || code >= functions.length) return null;
  if (version === 2) {
    const length = cursor.u24();
    const flags = cursor.u16();
    const extension = cursor.u24();
    cursor.skip(2);
    const language = cursor.take(cursor.u16());
    if (cursor.overrun || length !== bytes.length || (flags & 0x1fff) !== 0 || extension >= bytes.length || language.length > 16)
      return null;
    return isLanguage(language) ? { version, function: code, language: textOf(language), body: cursor } : null;
  }
  if (version !== 1) return null;
  const length = cursor.u16();
  const flags = cursor.u8();
  const dialect = cursor.u8();
  const language = cursor.take(2);
  const encoding = cursor.u16();
  cursor.skip(2);
  if (cursor.overrun || length !== bytes.length || (flags & 0x07) !== 0 || dialect !== 0 || encoding === 0 || encoding > 2260) return null;
  return isLanguage(language) ? { version, function: code, language: textOf(language), body: cursor } : null;
}

function text(cursor: Cursor): string {
  return textOf(cursor.take(cursor.u16()));
}

/** URL entry: reserved byte, lifetime, the URL, authentication blocks that are left alone. */
function entry(cursor: Cursor): string {
  cursor.skip(3);
  const url = text(cursor);
  // With authentication blocks the walk would need their lengths; none is known to be in use.
  if (cursor.u8() > 0) cursor.at = cursor.end;
  return url;
}

function keepVersion2(facts: AppFacts, { function: code, body }: Header): void {
  const detail = facts.detail('service_location_protocol');
  const say = (key: string, value: string) => {
    if (value !== '' && !body.overrun) detail[key] ??= value;
  };
  if (code === SERVICE_REQUEST) {
    text(body);
    say('service', text(body));
    say('scopes', text(body));
    say('predicate', text(body));
  } else if (code === SERVICE_REPLY) {
    const error = body.u16();
    if (error !== 0) facts.risks.add('error_code_detected');
    const count = body.u16();
    for (let i = 0; i < count && i < URL_LIMIT && body.left > 0; i++) {
      const url = entry(body);
      if (!body.overrun && url !== '') addDetail(detail, 'urls', url, URL_LIMIT);
    }
  } else if (code === REGISTRATION) {
    const url = entry(body);
    if (!body.overrun && url !== '') addDetail(detail, 'urls', url, URL_LIMIT);
    say('service', text(body));
    say('scopes', text(body));
    say('attributes', text(body));
  } else if (code === AGENT_ADVERTISEMENT || code === SERVICE_AGENT_ADVERTISEMENT) {
    if (code === AGENT_ADVERTISEMENT) body.skip(6);
    say('agent', text(body));
    say('scopes', text(body));
    say('attributes', text(body));
  } else if (code === TYPE_REPLY) {
    body.skip(2);
    say('types', text(body));
  }
}

function keep(facts: AppFacts, bytes: Uint8Array): boolean {
  const header = headerOf(bytes);
  if (header === null) return false;
  const detail = facts.detail('service_location_protocol');
  detail.version ??= header.version;
  detail.language ??= header.language;
  addDetail(detail, 'functions', functions[header.function]);
  if (header.version === 2) keepVersion2(facts, header);
  return true;
}

export const slp: DatagramDissector = {
  transport: 'udp',
  protocol: 'service_location_protocol',
  ports: [427],
  probe: (datagrams) => (headerOf(datagrams[datagrams.length - 1].bytes) === null ? Verdict.NO : Verdict.YES),
  open: ({ facts }) => new CountedSession(DATAGRAM_LIMIT, ({ bytes }) => keep(facts, bytes)),
};
