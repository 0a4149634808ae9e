import { R_RAW_NSEC, R_RAW_SEC } from '../ring/layout.ts';

/** Where the table reads records from: the typed views of one ring. Offsets of records are in bytes. */
export interface RecordWords {
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly u16: Uint16Array;
  readonly u8: Uint8Array;
  readonly f64: Float64Array;
}

/** Bits of a record's tcpFlags. */
export const TcpFlag = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32, ECE: 64, CWR: 128 } as const;

/**
 * The packet's own time in microseconds modulo 2^32, for differences between the packets of a flow: of packets behind the
 * clock, which all count at the clock, stream time would make 0 of them.
 */
export function ownTime(rec: RecordWords, o: number): number {
  return (Math.imul(rec.i32[(o + R_RAW_SEC) >> 2], 1_000_000) + ((rec.u32[(o + R_RAW_NSEC) >> 2] / 1000) | 0)) | 0;
}
