/** What people ask of a certificate (RFC 5280 section 4.1): whose, by whom, for which names, for how long. Nothing is verified. */
import { hash } from 'node:crypto';
import { nextElement, nextOf, oidText, stringText, Tag, timeSeconds } from './asn1.ts';
import { Cursor } from './cursor.ts';
import type { CertificateFacts } from './facts.ts';
import { hexOf, latin1, textOf } from './text.ts';

/** Names that are kept for people. */
const NAME_LIMIT = 32;
/** Names that a host name is compared with: certificates of large services have hundreds. */
const COMPARED_LIMIT = 1024;
const ATTRIBUTE_LIMIT = 32;
const ATTRIBUTE_CHARACTERS = 256;
const DN_CHARACTERS = 1024;
const NAME_CHARACTERS = 256;

const SUBJECT_ALT_NAME = '2.5.29.17';
const COMMON_NAME = '2.5.4.3';
/** RFC 4514 section 3 and RFC 4519, as openssl and tshark print them. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  [COMMON_NAME]: 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.15': 'businessCategory',
  '2.5.4.17': 'postalCode',
  '2.5.4.42': 'GN',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

export interface Certificate {
  facts: CertificateFacts;
  /** Every name, the common name first; `facts.names` is the beginning of it. */
  names: string[];
}

interface DistinguishedName {
  /** In the order of the certificate: `C=NL, O=Weir, CN=example.org`. */
  text: string;
  commonName: string;
}

function escaped(value: string): string {
  return value.replace(/[,+"\\<>;]/g, '\\$&');
}

function readName(content: Uint8Array): DistinguishedName {
  const cursor = new Cursor(content);
  const parts: string[] = [];
  let commonName = '';
  while (cursor.left > 0 && parts.length < ATTRIBUTE_LIMIT) {
    const set = nextOf(cursor, Tag.SET);
    const pair = set && nextOf(new Cursor(set.content), Tag.SEQUENCE);
    if (!pair) break;
    const inside = new Cursor(pair.content);
    const type = nextOf(inside, Tag.OID);
    const value = nextElement(inside);
    if (type === null || value === null) break;
    const oid = oidText(type.content);
    const text = stringText(value.tag, value.content, ATTRIBUTE_CHARACTERS);
    if (oid === COMMON_NAME) commonName = text;
    parts.push(`${ATTRIBUTES[oid] ?? oid}=${escaped(text)}`);
  }
  return { text: parts.join(', ').slice(0, DN_CHARACTERS), commonName };
}

function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return hexOf(bytes);
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(((bytes[i] << 8) | bytes[i + 1]).toString(16));
  const text = groups.join(':');
  const runs = text.match(/\b0(?::0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return text;
  const at = text.indexOf(longest);
  const [head, tail] = [text.slice(0, at).replace(/:$/, ''), text.slice(at + longest.length).replace(/^:/, '')];
  return `${head}::${tail}`;
}

/** Tags of GeneralName (RFC 5280 section 4.2.1.6). */
const DNS_NAME = 0x82;
const IP_ADDRESS = 0x87;

function readAltNames(extension: Uint8Array, names: Set<string>): void {
  const list = nextOf(new Cursor(extension), Tag.SEQUENCE);
  if (list === null) return;
  const cursor = new Cursor(list.content);
  while (cursor.left > 0 && names.size < COMPARED_LIMIT) {
    const name = nextElement(cursor);
    if (name === null) return;
    if (name.tag === DNS_NAME) names.add(textOf(name.content, NAME_CHARACTERS));
    if (name.tag === IP_ADDRESS) names.add(ipText(name.content));
  }
}

/** Extensions are in `[3]`, behind the key and optional unique ids. */
function readExtensions(cursor: Cursor, names: Set<string>): void {
  let holder = nextElement(cursor);
  while (holder !== null && holder.tag !== 0xa3) holder = nextElement(cursor);
  const list = holder && nextOf(new Cursor(holder.content), Tag.SEQUENCE);
  if (!list) return;
  const extensions = new Cursor(list.content);
  while (extensions.left > 0) {
    const extension = nextOf(extensions, Tag.SEQUENCE);
    if (extension === null) return;
    const inside = new Cursor(extension.content);
    const id = nextOf(inside, Tag.OID);
    let value = nextElement(inside);
    // `critical` may come first.
    if (value !== null && value.tag !== Tag.OCTET_STRING) value = nextElement(inside);
    if (id !== null && value !== null && oidText(id.content) === SUBJECT_ALT_NAME) {
      readAltNames(value.content, names);
      return;
    }
  }
}

function readValidity(content: Uint8Array): [number | null, number | null] {
  const cursor = new Cursor(content);
  const from = nextElement(cursor);
  const to = nextElement(cursor);
  return [from && timeSeconds(from.tag, from.content), to && timeSeconds(to.tag, to.content)];
}

function serialText(content: Uint8Array): string {
  return hexOf(content.length > 1 && content[0] === 0 ? content.subarray(1) : content);
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}

/** Certificates of busy servers are seen over and over. */
const recent = new Map<string, Certificate | null>();
const MOST_RECENT = 256;
/** Longest certificate that is remembered. */
const REMEMBERED_BYTES = 8192;

/** As `readCertificate`; what it returns is shared and not to be changed. */
export function parseCertificate(der: Uint8Array): Readonly<Certificate> | null {
  if (der.length > REMEMBERED_BYTES) return readCertificate(der);
  const name = latin1(der);
  let certificate = recent.get(name);
  if (certificate === undefined) {
    certificate = readCertificate(der);
    if (recent.size >= MOST_RECENT) recent.clear();
    recent.set(name, certificate);
  }
  return certificate;
}

/** A whole certificate in DER; null when its outline is not one. */
function readCertificate(der: Uint8Array): Certificate | null {
  const outer = nextOf(new Cursor(der), Tag.SEQUENCE);
  const signed = outer && nextOf(new Cursor(outer.content), Tag.SEQUENCE);
  if (!signed) return null;
  const cursor = new Cursor(signed.content);
  let serial = nextElement(cursor);
  // Version 1 has no version field.
  if (serial?.tag === 0xa0) serial = nextElement(cursor);
  const algorithm = nextOf(cursor, Tag.SEQUENCE);
  const issuer = nextOf(cursor, Tag.SEQUENCE);
  const validity = nextOf(cursor, Tag.SEQUENCE);
  const subject = nextOf(cursor, Tag.SEQUENCE);
  if (serial?.tag !== Tag.INTEGER || algorithm === null || issuer === null || validity === null || subject === null) return null;
  const subjectName = readName(subject.content);
  const unique = new Set<string>();
  if (subjectName.commonName !== '') unique.add(subjectName.commonName);
  readExtensions(cursor, unique);
  const names = [...unique];
  const [notBefore, notAfter] = readValidity(validity.content);
  return {
    names,
    facts: {
      subject: subjectName.text,
      issuer: readName(issuer.content).text,
      names: names.slice(0, NAME_LIMIT),
      serial: serialText(serial.content),
      not_before: notBefore,
      not_after: notAfter,
      sha1: hash('sha1', der),
      sha256: hash('sha256', der),
      self_signed: sameBytes(issuer.content, subject.content),
    },
  };
}

/** True when the certificate is for this host: a `*` stands for one label, the leftmost (RFC 6125 section 6.4.3). */
export function isForHost(names: readonly string[], host: string): boolean {
  const wanted = host.toLowerCase().replace(/\.$/, '');
  const dot = wanted.indexOf('.');
  const parent = dot > 0 ? `*${wanted.slice(dot)}` : '';
  return names.some((name) => {
    const offered = name.toLowerCase();
    return offered === wanted || (parent !== '' && offered === parent);
  });
}
