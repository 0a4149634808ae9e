/** A flood of new flows with one ordinary connection in its midst. */
import { readFileSync, writeFileSync } from 'node:fs';
import { TCP_ACK, TCP_FIN, TCP_SYN, tcpFrame } from '../support/frames.ts';

export const MARKED = { client: '192.0.2.77', clientPort: 7777, server: '192.0.2.88', serverPort: 443 };
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
/** Payload of each data segment: large, so that the connection leads the list of flows by bytes. */
const SEGMENT_BYTES = 1200;

/** The connection: handshake, `exchanges` requests of which each is answered and acknowledged, and a close from both ends. */
export function markedConnection(exchanges: number): Buffer[] {
  const forth = { source: MARKED.client, destination: MARKED.server, sourcePort: MARKED.clientPort, destinationPort: MARKED.serverPort };
  const back = { source: MARKED.server, destination: MARKED.client, sourcePort: MARKED.serverPort, destinationPort: MARKED.clientPort };
  const frames = [
    tcpFrame({ ...forth, flags: TCP_SYN, seq: 0 }),
    tcpFrame({ ...back, flags: TCP_SYN | TCP_ACK, seq: 0, ack: 1 }),
    tcpFrame({ ...forth, seq: 1, ack: 1 }),
  ];
  let next = 1;
  for (let exchange = 0; exchange < exchanges; exchange++) {
    frames.push(tcpFrame({ ...forth, seq: next, ack: next, payload: SEGMENT_BYTES }));
    frames.push(tcpFrame({ ...back, seq: next, ack: next + SEGMENT_BYTES, payload: SEGMENT_BYTES }));
    next += SEGMENT_BYTES;
  }
  frames.push(
    tcpFrame({ ...forth, flags: TCP_FIN | TCP_ACK, seq: next, ack: next }),
    tcpFrame({ ...back, flags: TCP_FIN | TCP_ACK, seq: next, ack: next + 1 }),
    tcpFrame({ ...forth, seq: next + 1, ack: next + 1 }),
  );
  return frames;
}

/** Writes `flood` with `frames` spread evenly over it, each at the time of the frame before it. Both are classic captures. */
export function interleave(flood: string, frames: Buffer[], into: string): void {
  const input = readFileSync(flood);
  const bytes = frames.reduce((sum, frame) => sum + RECORD_HEADER_BYTES + frame.length, 0);
  const output = Buffer.allocUnsafe(input.length + bytes);
  input.copy(output, 0, 0, FILE_HEADER_BYTES);
  let written = FILE_HEADER_BYTES;
  let placed = 0;
  for (let at = FILE_HEADER_BYTES; at < input.length; ) {
    const length = RECORD_HEADER_BYTES + input.readUInt32LE(at + 8);
    input.copy(output, written, at, at + length);
    written += length;
    at += length;
    const due = Math.ceil((at / input.length) * frames.length);
    for (; placed < due; placed++) written += writeRecord(output, written, input.subarray(at - length, at - length + 8), frames[placed]);
  }
  writeFileSync(into, output.subarray(0, written));
}

function writeRecord(output: Buffer, at: number, time: Buffer, frame: Buffer): number {
  time.copy(output, at);
  output.writeUInt32LE(frame.length, at + 8);
  output.writeUInt32LE(frame.length, at + 12);
  frame.copy(output, at + RECORD_HEADER_BYTES);
  return RECORD_HEADER_BYTES + frame.length;
}
