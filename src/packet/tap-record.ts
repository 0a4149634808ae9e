/** One frame as a capture thread puts it into a tap ring, or recalls it: the fixed record, its SACK tail, then captured bytes. */
import {
  R_CAP_LEN,
  R_CARRIED,
  R_LENGTH,
  R_LINK_TYPE,
  R_ORDINAL,
  R_RAW_NSEC,
  R_RAW_SEC,
  R_SACK_COUNT,
  R_SOURCE,
  R_STREAM_NS,
  R_WIRE_LEN,
  RECORD_BYTES,
} from '../ring/layout.ts';

const SACK_BLOCK_BYTES = 8;

export interface TapFrame {
  /** Position of the frame in the capture, from 1. */
  ordinal: number;
  /** The packet's own time: seconds since the epoch, and nanoseconds. */
  sec: number;
  nsec: number;
  /** Stream time in ns since the base second of the run. */
  streamNs: number;
  /** Index of the interface. */
  source: number;
  linkType: number;
  wireLength: number;
  capturedLength: number;
  /** The bytes that were carried: of a recalled frame only the first, which may be fewer than `capturedLength`. */
  frame: Uint8Array;
}

/**
 * Reads the record at `offset`. `frame` is a view of `bytes`, valid as long as they are: inside a ring that is until
 * its read position moves. Throws RangeError when the record does not lie within `bytes`: that is a bug of the writer.
 */
export function packetFromRecord(bytes: Uint8Array, offset: number): TapFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, Math.min(RECORD_BYTES, bytes.length - offset));
  const carried = view.getUint32(R_CARRIED, true);
  const start = offset + RECORD_BYTES + view.getUint8(R_SACK_COUNT) * SACK_BLOCK_BYTES;
  if (start + carried > bytes.length) throw new RangeError(`record at ${offset} carries ${carried} bytes beyond its buffer`);
  return {
    ordinal: view.getFloat64(R_ORDINAL, true),
    // Times that a double cannot hold exactly (beyond 285 million years) lose only seconds.
    sec: Number(view.getBigInt64(R_RAW_SEC, true)),
    nsec: view.getUint32(R_RAW_NSEC, true),
    streamNs: view.getFloat64(R_STREAM_NS, true),
    source: view.getUint16(R_SOURCE, true),
    linkType: view.getUint16(R_LINK_TYPE, true),
    wireLength: view.getUint32(R_WIRE_LEN, true),
    capturedLength: view.getUint32(R_CAP_LEN, true),
    frame: bytes.subarray(start, start + carried),
  };
}

/** The frames of records that stand one after the other. Their `frame`s are views of `bytes`. Throws as `packetFromRecord`. */
export function framesFromRecords(bytes: Uint8Array): TapFrame[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const frames: TapFrame[] = [];
  for (let at = 0; at < bytes.length; at += view.getUint32(at + R_LENGTH, true)) frames.push(packetFromRecord(bytes, at));
  return frames;
}
