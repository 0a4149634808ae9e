/** DNS messages: RFC 1035 section 4, EDNS(0) of RFC 6891, client subnet of RFC 7871. */
import { ipv4Text, ipv6Text } from './address-text.ts';
import { isObsoleteType, typeName } from './dns-codes.ts';
import type { NameReader } from './dns-names.ts';
import { opaqueText, recordText } from './dns-records.ts';
import type { DnsAnswer } from './facts.ts';
import type { DnsTransaction } from './transactions.ts';

export const HEADER_LENGTH = 12;
/** Records of one section that are kept; all of them are walked. */
export const RECORD_LIMIT = 64;
/** Questions that are walked; DNS has one, multicast DNS a few. */
const QUESTION_LIMIT = 64;

export const FLAG_RESPONSE = 0x8000;
export const FLAG_TRUNCATED = 0x0200;
export const FLAG_RECURSION_DESIRED = 0x0100;

const TYPE_OPT = 41;
const OPTION_CLIENT_SUBNET = 8;

export interface DnsMessage {
  id: number;
  /** The second 16 bits of the header. */
  bits: number;
  opcode: number;
  /** With the upper bits of EDNS. */
  rcode: number;
  /** Questions, answers, authority and additional records as the header has them. */
  counts: readonly [number, number, number, number];
  /** The first question; null when there is none or it is malformed. */
  query: string | null;
  qtype: number;
  qclass: number;
  answers: DnsAnswer[];
  authority: DnsAnswer[];
  additional: DnsAnswer[];
  edns: DnsTransaction['edns'];
  /** A record of a type that nobody should use any more. */
  obsolete: boolean;
  /** Sections that end before their count, names that are none, data that does not fit its type. */
  malformed: boolean;
}

export function bits16(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 8) | bytes[at + 1];
}

function bits32(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

/** Address prefix of a client subnet option: only the bytes of the prefix are there. */
function clientSubnet(bytes: Uint8Array, at: number, length: number): string | null {
  if (length < 4) return null;
  const family = bits16(bytes, at);
  const prefix = bytes[at + 2];
  const size = family === 1 ? 4 : family === 2 ? 16 : 0;
  if (size === 0 || prefix > size * 8 || length - 4 > size) return null;
  const address = new Uint8Array(size);
  address.set(bytes.subarray(at + 4, at + length));
  return `${size === 4 ? ipv4Text(address) : ipv6Text(address)}/${prefix}`;
}

/** Walks messages; one per session. What it found last stays valid until the next `read`. */
export class MessageReader {
  private readonly names: NameReader;
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;
  private end = 0;

  constructor(names: NameReader) {
    this.names = names;
  }

  /** The message in [start, end); null when not even the header is there. `sections` false leaves out all but questions and answers. */
  read(bytes: Uint8Array, start: number, end: number, sections: boolean): DnsMessage | null {
    if (end - start < HEADER_LENGTH) return null;
    this.bytes = bytes;
    this.end = end;
    this.at = start + HEADER_LENGTH;
    this.names.over(bytes, start, end);
    const bits = bits16(bytes, start + 2);
    const message: DnsMessage = {
      id: bits16(bytes, start),
      bits,
      opcode: (bits >> 11) & 15,
      rcode: bits & 15,
      counts: [bits16(bytes, start + 4), bits16(bytes, start + 6), bits16(bytes, start + 8), bits16(bytes, start + 10)],
      query: null,
      qtype: 0,
      qclass: 0,
      answers: [],
      authority: [],
      additional: [],
      edns: null,
      obsolete: false,
      malformed: false,
    };
    const whole =
      this.questions(message) &&
      this.section(message, message.counts[1], message.answers) &&
      this.section(message, message.counts[2], sections ? message.authority : null) &&
      this.section(message, message.counts[3], sections ? message.additional : null);
    if (!whole) message.malformed = true;
    return message;
  }

  private questions(message: DnsMessage): boolean {
    const count = message.counts[0];
    for (let i = 0; i < count; i++) {
      if (i === QUESTION_LIMIT) return false;
      if (i === 0) message.query = this.names.read(this.at);
      else if (!this.names.skip(this.at)) return false;
      if (i === 0 && message.query === null) return false;
      const at = this.names.next;
      if (at + 4 > this.end) return false;
      if (i === 0) {
        message.qtype = bits16(this.bytes, at);
        message.qclass = bits16(this.bytes, at + 2);
      }
      this.at = at + 4;
    }
    return true;
  }

  /** Walks `count` records; a record has at least 11 bytes, so the message bounds the walk whatever the header says. */
  private section(message: DnsMessage, count: number, into: DnsAnswer[] | null): boolean {
    for (let i = 0; i < count; i++) {
      const owner = this.at;
      if (!this.names.skip(owner)) return false;
      const at = this.names.next;
      if (at + 10 > this.end) return false;
      const type = bits16(this.bytes, at);
      const length = bits16(this.bytes, at + 8);
      const stop = at + 10 + length;
      if (stop > this.end) return false;
      if (type === TYPE_OPT) this.options(message, at, stop);
      else if (into !== null && into.length < RECORD_LIMIT && !this.record(message, owner, at, type, length, into))
        message.malformed = true;
      this.at = stop;
    }
    return true;
  }

  private record(message: DnsMessage, owner: number, at: number, type: number, length: number, into: DnsAnswer[]): boolean {
    const name = this.names.read(owner);
    if (name === null) return false;
    const text = recordText(this.bytes, at + 10, length, type, this.names);
    const data = text ?? opaqueText(this.bytes.subarray(at + 10, at + 10 + length));
    into.push({ name, type: typeName(type), ttl: bits32(this.bytes, at + 4), data });
    if (isObsoleteType(type)) message.obsolete = true;
    return text !== null;
  }

  private options(message: DnsMessage, at: number, stop: number): void {
    const { bytes } = this;
    const flags = bits32(bytes, at + 4);
    let subnet: string | null = null;
    for (let option = at + 10; option + 4 <= stop; ) {
      const length = bits16(bytes, option + 2);
      if (option + 4 + length > stop) {
        message.malformed = true;
        break;
      }
      if (bits16(bytes, option) === OPTION_CLIENT_SUBNET) subnet = clientSubnet(bytes, option + 4, length);
      option += 4 + length;
    }
    message.rcode |= (flags >>> 24) << 4;
    message.edns = { udp_size: bits16(bytes, at + 2), version: (flags >> 16) & 255, do: (flags & 0x8000) !== 0, client_subnet: subnet };
  }
}

/** True for records that say which address a name has. */
export function isAddressRecord(record: DnsAnswer): boolean {
  return record.type === 'A' || record.type === 'AAAA';
}

/** Passes over the answers in search of the CNAME chain; servers send it in order, which takes one. */
const CHAIN_PASSES = 8;

/** Lower-case owners of the CNAME chain that starts at the question. */
function chainOf(message: DnsMessage, query: string): string[] {
  const chain = [query];
  for (let pass = 0, grown = true; grown && pass < CHAIN_PASSES; pass++) {
    grown = false;
    for (const record of message.answers) {
      if (record.type !== 'CNAME' || !chain.includes(record.name.toLowerCase())) continue;
      const target = record.data.toLowerCase();
      if (chain.includes(target)) continue;
      chain.push(target);
      grown = true;
    }
  }
  return chain;
}

/**
 * Calls `learn` with the address records of an answer that belong to the question: its own, and those at the end of the
 * CNAME chain that starts there.
 */
export function addressesOf(message: DnsMessage, learn: (record: DnsAnswer) => void): void {
  const { query, answers } = message;
  if (query === null || !answers.some(isAddressRecord)) return;
  const chain = chainOf(message, query.toLowerCase());
  for (const record of answers) {
    if (isAddressRecord(record) && chain.includes(record.name.toLowerCase())) learn(record);
  }
}
