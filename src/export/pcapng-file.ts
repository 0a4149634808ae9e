/**
 * Frames as a pcapng file: one section, an interface per source and link type, nanoseconds, wire lengths as they were
 * (draft-ietf-opsawg-pcapng). Times before 1970 become 0: the format has no others.
 */
import type { TapFrame } from '../packet/tap-record.ts';

export interface PcapngOptions {
  /** What the section says about itself; left out when empty. */
  comment?: string;
  /** Name of the interface with that index, null when it has none. */
  interfaceName?: (source: number) => string | null;
}

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const OPTION_END = 0;
const OPTION_COMMENT = 1;
const OPTION_INTERFACE_NAME = 2;
const OPTION_TIME_RESOLUTION = 9;
const NANOSECONDS = 9;
/** Options have 16 bits of length. */
const LONGEST_TEXT_BYTES = 65_535;
const PACKET_HEAD_BYTES = 20;
const LATEST = (1n << 64n) - 1n;

const encoder = new TextEncoder();

function option(code: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(4 + padded(value.length));
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt16LE(value.length, 2);
  bytes.set(value, 4);
  return bytes;
}

function textOption(code: number, text: string): Buffer[] {
  if (text === '') return [];
  const bytes = new Uint8Array(LONGEST_TEXT_BYTES);
  return [option(code, bytes.subarray(0, encoder.encodeInto(text, bytes).written))];
}

const padded = (length: number): number => (length + 3) & ~3;
const END_OF_OPTIONS = option(OPTION_END, new Uint8Array(0));

/** A block around its body, which is a multiple of four bytes. */
function block(type: number, body: readonly Uint8Array[]): Buffer {
  const length = 12 + body.reduce((sum, part) => sum + part.length, 0);
  const bytes = Buffer.alloc(length);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(length, 4);
  let at = 8;
  for (const part of body) {
    bytes.set(part, at);
    at += part.length;
  }
  bytes.writeUInt32LE(length, at);
  return bytes;
}

function sectionHeader(comment: string): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  head.writeUInt16LE(1, 4);
  // The section's length is not given.
  head.writeBigInt64LE(-1n, 8);
  const options = textOption(OPTION_COMMENT, comment);
  return block(SECTION_HEADER, options.length === 0 ? [head] : [head, ...options, END_OF_OPTIONS]);
}

function interfaceDescription(linkType: number, name: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(linkType, 0);
  const resolution = option(OPTION_TIME_RESOLUTION, Uint8Array.of(NANOSECONDS));
  return block(INTERFACE, [head, ...textOption(OPTION_INTERFACE_NAME, name), resolution, END_OF_OPTIONS]);
}

function enhancedPacket(number: number, { sec, nsec, wireLength, frame }: TapFrame): Buffer {
  const time = BigInt(sec) * 1_000_000_000n + BigInt(nsec);
  const within = time < 0n ? 0n : time > LATEST ? LATEST : time;
  const body = Buffer.alloc(PACKET_HEAD_BYTES + padded(frame.length));
  body.writeUInt32LE(number, 0);
  body.writeUInt32LE(Number(within >> 32n), 4);
  body.writeUInt32LE(Number(within & 0xffff_ffffn), 8);
  body.writeUInt32LE(frame.length, 12);
  body.writeUInt32LE(Math.max(wireLength, frame.length), 16);
  body.set(frame, PACKET_HEAD_BYTES);
  return block(ENHANCED_PACKET, [body]);
}

/** The file's bytes; its packets are in the order of `frames`. */
export function pcapngFile(frames: Iterable<TapFrame>, { comment = '', interfaceName = () => null }: PcapngOptions = {}): Uint8Array {
  const interfaces = new Map<string, number>();
  const blocks: Uint8Array[] = [sectionHeader(comment)];
  for (const frame of frames) {
    const key = `${frame.source} ${frame.linkType}`;
    let number = interfaces.get(key);
    if (number === undefined) {
      number = interfaces.size;
      interfaces.set(key, number);
      blocks.push(interfaceDescription(frame.linkType, interfaceName(frame.source) ?? ''));
    }
    blocks.push(enhancedPacket(number, frame));
  }
  return Buffer.concat(blocks);
}
