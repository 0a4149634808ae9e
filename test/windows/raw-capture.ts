/** Captures as the driver has packets: raw IP. Plain on purpose: it shares no code with what it checks. */
import { writeFileSync } from 'node:fs';
import { readCapture } from '../fixtures/read-capture.ts';

const LINKTYPE_RAW = 101;

export interface RawPacket {
  timeNs: bigint;
  bytes: Uint8Array;
}

function networkOf(frame: Uint8Array, linkType: number): Uint8Array | null {
  if (linkType === LINKTYPE_RAW) return frame;
  const view = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
  let at = 12;
  while (at + 2 <= view.length && [0x8100, 0x88a8].includes(view.readUInt16BE(at))) at += 4;
  if (at + 2 > view.length || ![0x0800, 0x86dd].includes(view.readUInt16BE(at))) return null;
  const packet = view.subarray(at + 2);
  const length = packet[0] >> 4 === 4 ? packet.readUInt16BE(2) : 40 + packet.readUInt16BE(4);
  return length <= packet.length ? packet.subarray(0, length) : null;
}

/** The IP packets of a capture, without the link layer and its padding. */
export function rawPackets(path: string): RawPacket[] {
  return readCapture(path).frames.flatMap(({ bytes, linkType, sec, nsec }) => {
    const network = networkOf(bytes, linkType);
    return network === null ? [] : [{ timeNs: BigInt(sec) * 1_000_000_000n + BigInt(nsec), bytes: network }];
  });
}

/** A classic capture with nanoseconds. */
export function writeRawCapture(path: string, packets: readonly RawPacket[]): void {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b23c4d, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(LINKTYPE_RAW, 20);
  const parts: Uint8Array[] = [header];
  for (const { timeNs, bytes } of packets) {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(Number(timeNs / 1_000_000_000n), 0);
    record.writeUInt32LE(Number(timeNs % 1_000_000_000n), 4);
    record.writeUInt32LE(bytes.length, 8);
    record.writeUInt32LE(bytes.length, 12);
    parts.push(record, bytes);
  }
  writeFileSync(path, Buffer.concat(parts));
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Packets as text, to be compared. */
export const packetTexts = (packets: readonly RawPacket[]): string[] => packets.map(({ bytes }) => hex(bytes));

/** TCP or UDP over IPv4 or IPv6 without extension headers: protocol and ports; else null. */
export function portsOf(bytes: Uint8Array): { protocol: number; source: number; destination: number } | null {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ipv4 = view[0] >> 4 === 4;
  const at = ipv4 ? (view[0] & 15) * 4 : 40;
  const protocol = ipv4 ? view[9] : view[6];
  if (![6, 17].includes(protocol) || (ipv4 && (view.readUInt16BE(6) & 0x1fff) !== 0)) return null;
  return { protocol, source: view.readUInt16BE(at), destination: view.readUInt16BE(at + 2) };
}
