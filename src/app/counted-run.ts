/**
 * Runs of encrypted datagrams that begin with four constant bytes and a counter of four, as ESP (RFC 4303 section 2) and the
 * data packets of OpenVPN do. None of it is a magic number, so only a run of several of one side says anything.
 */
import { Cursor } from './cursor.ts';
import type { Datagram } from './dissector.ts';

/** Datagrams of a run, and how far the counters of neighbours may lie apart. */
const RUN_LENGTH = 5;
const COUNTER_GAP = 4;
const HEADER = 8;
/** Bytes that are looked at, and how many different ones random data of that size has at least: its mean less five deviations. */
const SAMPLE = 256;
const DIFFERENT = 128;

function looksEncrypted(datagrams: readonly Uint8Array[]): boolean {
  const seen = new Uint8Array(256);
  let count = 0;
  let different = 0;
  for (const bytes of datagrams) {
    // Of each its share, so that one that is encrypted does not speak for the others.
    const end = Math.min(bytes.length, HEADER + Math.ceil(SAMPLE / datagrams.length));
    for (let i = HEADER; i < end; i++, count++) {
      if (seen[bytes[i]] === 0) different++;
      seen[bytes[i]] = 1;
    }
  }
  return count * 2 > SAMPLE && different >= (DIFFERENT * count) / SAMPLE;
}

/** True when all datagrams of the newest one's side make up such a run. */
export function isCountedRun(datagrams: readonly Datagram[]): boolean {
  const newest = datagrams[datagrams.length - 1];
  const constant = new Cursor(newest.bytes).u32();
  const run: Uint8Array[] = [];
  let last = 0;
  for (const { side, bytes } of datagrams) {
    if (side !== newest.side) continue;
    const cursor = new Cursor(bytes);
    const same = cursor.u32() === constant;
    const counter = cursor.u32();
    if (cursor.overrun || !same || (run.length > 0 && (counter <= last || counter - last > COUNTER_GAP))) return false;
    last = counter;
    run.push(bytes);
  }
  return run.length >= RUN_LENGTH && looksEncrypted(run);
}
