/**
 * Rewrites a little-endian classic capture for the fixtures: byte order turned, cut in the middle of its last frame,
 * or without any frame.
 *
 *   node scripts/rewrite-capture.ts big-endian|truncate|empty INPUT OUTPUT
 */
import { readFileSync, writeFileSync } from 'node:fs';

const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const MAGIC_MICROSECONDS = 0xa1b2c3d4;

function turnByteOrder(capture: Buffer): Buffer {
  const turned = Buffer.from(capture);
  const turnWords = (at: number, bytes: number) => turned.subarray(at, at + bytes).swap32();
  turnWords(0, 4);
  turned.subarray(4, 8).swap16();
  turnWords(8, 16);
  let at = FILE_HEADER_BYTES;
  while (at < capture.length) {
    const capturedLength = capture.readUInt32LE(at + 8);
    turnWords(at, RECORD_HEADER_BYTES);
    at += RECORD_HEADER_BYTES + capturedLength;
  }
  return turned;
}

const rewrites: Record<string, (capture: Buffer) => Buffer> = {
  'big-endian': turnByteOrder,
  truncate: (capture) => capture.subarray(0, -10),
  empty: (capture) => capture.subarray(0, FILE_HEADER_BYTES),
};

const [kind = '', input = '', output = ''] = process.argv.slice(2);
const rewrite = rewrites[kind];
if (rewrite === undefined || output === '') throw new Error(`usage: rewrite-capture ${Object.keys(rewrites).join('|')} INPUT OUTPUT`);
const capture = readFileSync(input);
if (capture.readUInt32LE(0) !== MAGIC_MICROSECONDS) throw new Error(`${input} is not a little-endian capture with microseconds`);
writeFileSync(output, rewrite(capture));
