/** LDAP messages: RFC 4511 section 4, in BER. */
import {
  BER_ENUMERATED,
  BER_INTEGER,
  BER_OCTET_STRING,
  BER_SEQUENCE,
  type Element,
  elementHeader,
  expectElement,
  integerOf,
  nextBytes,
  nextElement,
  nextInteger,
} from './ber.ts';
import { Cursor } from './cursor.ts';
import { CLIENT, SERVER, type Side } from './dissector.ts';

export const BIND_REQUEST = 0x60;
export const BIND_RESPONSE = 0x61;
export const UNBIND_REQUEST = 0x42;
export const SEARCH_REQUEST = 0x63;
export const SEARCH_ENTRY = 0x64;
export const EXTENDED_REQUEST = 0x77;
export const EXTENDED_RESPONSE = 0x78;

const operations: Readonly<Record<number, readonly [name: string, side: Side]>> = {
  [BIND_REQUEST]: ['bind', CLIENT],
  [BIND_RESPONSE]: ['bind_response', SERVER],
  [UNBIND_REQUEST]: ['unbind', CLIENT],
  [SEARCH_REQUEST]: ['search', CLIENT],
  [SEARCH_ENTRY]: ['search_entry', SERVER],
  101: ['search_done', SERVER],
  102: ['modify', CLIENT],
  103: ['modify_response', SERVER],
  104: ['add', CLIENT],
  105: ['add_response', SERVER],
  74: ['delete', CLIENT],
  107: ['delete_response', SERVER],
  108: ['modify_dn', CLIENT],
  109: ['modify_dn_response', SERVER],
  110: ['compare', CLIENT],
  111: ['compare_response', SERVER],
  80: ['abandon', CLIENT],
  115: ['search_reference', SERVER],
  [EXTENDED_REQUEST]: ['extended', CLIENT],
  [EXTENDED_RESPONSE]: ['extended_response', SERVER],
  121: ['intermediate_response', SERVER],
};

export function operationName(tag: number): string {
  return operations[tag]?.[0] ?? `0x${tag.toString(16)}`;
}

export interface LdapMessage {
  id: number;
  operation: Element;
}

/** The message in [at, end), which must be there in full; null when it is none. */
export function ldapMessageOf(bytes: Uint8Array, at: number, end: number): LdapMessage | null {
  const cursor = expectElement(new Cursor(bytes, at, end), BER_SEQUENCE);
  const id = cursor === null ? null : nextInteger(cursor);
  const operation = cursor === null || id === null ? null : nextElement(cursor);
  return id === null || operation === null || operations[operation.tag] === undefined ? null : { id, operation };
}

/** What the first element of an operation must be. */
const firstTag: Readonly<Record<number, number>> = {
  [BIND_REQUEST]: BER_INTEGER,
  [SEARCH_REQUEST]: BER_OCTET_STRING,
  [SEARCH_ENTRY]: BER_OCTET_STRING,
  102: BER_OCTET_STRING,
  104: BER_OCTET_STRING,
  108: BER_OCTET_STRING,
  110: BER_OCTET_STRING,
  115: BER_OCTET_STRING,
  [EXTENDED_REQUEST]: 0x80,
  121: 0x80,
};

/** Requests without a sequence inside: their content is a name, a number or nothing. */
const PRIMITIVE = new Set([UNBIND_REQUEST, 0x4a, 0x50]);

/**
 * True when an LDAP message of `side` starts at `at`: an outer length, a message id, an operation of that side with a
 * length that fits, and the right element first in it. Undefined when more bytes are needed.
 */
export function isLdapStart(bytes: Uint8Array, at: number, end: number, side: Side): boolean | undefined {
  const outer = elementHeader(bytes, at, end);
  if (outer === undefined) return at < end && bytes[at] !== BER_SEQUENCE ? false : undefined;
  if (outer === null || outer.tag !== BER_SEQUENCE || outer.contentLength < 5) return false;
  const stop = at + outer.headerLength + outer.contentLength;
  const idAt = at + outer.headerLength;
  const id = elementHeader(bytes, idAt, end);
  if (id === undefined) return undefined;
  if (id === null || id.tag !== BER_INTEGER || id.contentLength < 1 || id.contentLength > 4) return false;
  const operationAt = idAt + id.headerLength + id.contentLength;
  if (operationAt >= end) return undefined;
  // Servers speak of their own accord with the id 0 only (notice of disconnection).
  if (bytes[idAt + 2] >= 0x80 || (side === CLIENT && id.contentLength === 1 && bytes[idAt + 2] === 0)) return false;
  const operation = elementHeader(bytes, operationAt, end);
  if (operation === undefined) return operations[bytes[operationAt]]?.[1] === side ? undefined : false;
  if (operation === null || operations[operation.tag]?.[1] !== side) return false;
  const contentAt = operationAt + operation.headerLength;
  if (contentAt + operation.contentLength > stop) return false;
  if (PRIMITIVE.has(operation.tag))
    return operation.contentLength <= (operation.tag === 0x4a ? 4096 : 4) && contentAt + operation.contentLength === stop;
  if (contentAt >= end) return undefined;
  return bytes[contentAt] === (firstTag[operation.tag] ?? BER_ENUMERATED);
}

export interface Bind {
  version: number;
  name: Uint8Array;
  /** A password of at least one byte came in clear. */
  password: boolean;
  /** `simple`, or the SASL mechanism. */
  mechanism: Uint8Array | null;
}

const SIMPLE = 0x80;
const SASL = 0xa3;

export function bindOf(content: Cursor): Bind | null {
  const version = nextInteger(content);
  const name = nextBytes(content);
  const auth = nextElement(content);
  if (version === null || name === null || auth === null) return null;
  if (auth.tag === SIMPLE) return { version, name, password: auth.content.left > 0, mechanism: null };
  return { version, name, password: false, mechanism: auth.tag === SASL ? nextBytes(auth.content) : null };
}

export interface Search {
  base: Uint8Array;
  scope: number;
  /** Attributes that the filter names, at most 8. */
  attributes: Uint8Array[];
}

const FILTER_LIMIT = 8;
const FILTER_STEPS = 64;

/** Attributes in a filter, without recursion: `and`, `or` and `not` open up, everything else names one attribute. */
function filterAttributes(content: Cursor): Uint8Array[] {
  const found: Uint8Array[] = [];
  const open: Cursor[] = [content];
  for (let step = 0; step < FILTER_STEPS && open.length > 0 && found.length < FILTER_LIMIT; step++) {
    const cursor = open[open.length - 1];
    const element = cursor.left > 0 ? nextElement(cursor) : null;
    if (element === null) open.pop();
    else if (element.tag === 0xa0 || element.tag === 0xa1 || element.tag === 0xa2) open.push(element.content);
    else if (element.tag === 0x87) found.push(element.content.bytes.subarray(element.content.at, element.content.end));
    else {
      const name = nextBytes(element.content);
      if (name !== null) found.push(name);
    }
  }
  return found;
}

export function searchOf(content: Cursor): Search | null {
  const base = nextBytes(content);
  const scope = nextInteger(content, BER_ENUMERATED);
  const deref = nextInteger(content, BER_ENUMERATED);
  if (base === null || scope === null || deref === null) return null;
  for (let i = 0; i < 3; i++) nextElement(content);
  const filter = nextElement(content);
  if (filter === null) return { base, scope, attributes: [] };
  // The filter itself is read as the only element of a set.
  const { tag, content: inner } = filter;
  const nested = tag === 0xa0 || tag === 0xa1 || tag === 0xa2;
  const single = tag === 0x87 ? inner.bytes.subarray(inner.at, inner.end) : nested ? null : nextBytes(inner);
  return { base, scope, attributes: nested ? filterAttributes(inner) : single === null ? [] : [single] };
}

/** Result code of a response; null when it has none. */
export function resultOf(content: Cursor): number | null {
  const code = expectElement(content, BER_ENUMERATED);
  return code === null ? null : integerOf(code);
}
