/** Hand-made Ethernet frames and classic capture files, for captures whose every number is known beforehand. */
import { writeFileSync } from 'node:fs';

export interface Segment {
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
  /** How many bytes, or which. */
  payload?: number | Uint8Array;
  ttl?: number;
  /** Identification of IPv4. */
  id?: number;
  /** TCP only. */
  flags?: number;
  seq?: number;
  ack?: number;
  window?: number;
  /** A multiple of 4 bytes. */
  options?: Uint8Array;
}

export const TCP_FIN = 1;
export const TCP_SYN = 2;
export const TCP_RST = 4;
export const TCP_ACK = 16;

const ETHERNET_BYTES = 14;
const IPV4_BYTES = 20;

function ipv4(address: string): number[] {
  return address.split('.').map(Number);
}

function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let offset = 0; offset < bytes.length; offset += 2) sum += bytes.readUInt16BE(offset);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function payloadBytes({ payload = 0 }: Segment): number {
  return typeof payload === 'number' ? payload : payload.length;
}

function frame(protocol: number, segment: Segment, transport: Buffer): Buffer {
  const { payload = 0 } = segment;
  const bytes = Buffer.alloc(ETHERNET_BYTES + IPV4_BYTES + transport.length + payloadBytes(segment), 0x57);
  if (typeof payload !== 'number') bytes.set(payload, ETHERNET_BYTES + IPV4_BYTES + transport.length);
  bytes.set([2, 0, 0, 0, 0, 0xfe, 2, 0, 0, 0, 0, 1, 8, 0]);
  const header = bytes.subarray(ETHERNET_BYTES, ETHERNET_BYTES + IPV4_BYTES);
  header.set([0x45, 0, 0, 0, 0, 0, 0x40, 0, segment.ttl ?? 64, protocol, 0, 0, ...ipv4(segment.source), ...ipv4(segment.destination)]);
  header.writeUInt16BE(bytes.length - ETHERNET_BYTES, 2);
  header.writeUInt16BE(segment.id ?? 0, 4);
  header.writeUInt16BE(checksum(header), 10);
  bytes.set(transport, ETHERNET_BYTES + IPV4_BYTES);
  return bytes;
}

/** A UDP datagram without checksum (0 = none, which IPv4 allows). */
export function udpFrame(segment: Segment): Buffer {
  const transport = Buffer.alloc(8);
  transport.writeUInt16BE(segment.sourcePort, 0);
  transport.writeUInt16BE(segment.destinationPort, 2);
  transport.writeUInt16BE(8 + payloadBytes(segment), 4);
  return frame(17, segment, transport);
}

/** A TCP segment; its checksum is left 0. */
export function tcpFrame(segment: Segment): Buffer {
  const { options = new Uint8Array(0), window = 0x2000 } = segment;
  const transport = Buffer.alloc(20 + options.length);
  transport.writeUInt16BE(segment.sourcePort, 0);
  transport.writeUInt16BE(segment.destinationPort, 2);
  transport.writeUInt32BE(segment.seq ?? 0, 4);
  transport.writeUInt32BE(segment.ack ?? 0, 8);
  transport.set([(5 + options.length / 4) << 4, segment.flags ?? TCP_ACK, window >> 8, window & 0xff], 12);
  transport.set(options, 20);
  return frame(6, segment, transport);
}

export interface TimedFrame {
  /** Microseconds since the epoch. */
  timeUs: number;
  bytes: Uint8Array;
}

/** Writes a little-endian microsecond capture of Ethernet frames. */
export function writeCaptureFile(path: string, frames: TimedFrame[]): void {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20);
  const parts: Uint8Array[] = [header];
  for (const { timeUs, bytes } of frames) {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(Math.floor(timeUs / 1e6), 0);
    record.writeUInt32LE(timeUs % 1e6, 4);
    record.writeUInt32LE(bytes.length, 8);
    record.writeUInt32LE(bytes.length, 12);
    parts.push(record, bytes);
  }
  writeFileSync(path, Buffer.concat(parts));
}
