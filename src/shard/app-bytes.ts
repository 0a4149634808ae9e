/** Shows the parsers of a flow what its records carry. */
import { CLIENT, SERVER } from '../app/dissector.ts';
import type { FlowApp } from '../app/flow-app.ts';
import type { FlowLives } from '../flow/lives.ts';
import * as row from '../flow/row.ts';
import { R_SEQ } from '../ring/layout.ts';
import type { RingReader } from '../ring/reader.ts';

/** Largest datagram that is looked at. */
const MOST_BYTES = 65_536;

export class AppBytes {
  private readonly lives: FlowLives;
  /** Datagrams are copied here: decoders of text and cryptography take no shared memory. */
  private readonly scratch = new Uint8Array(MOST_BYTES);

  constructor(lives: FlowLives) {
    this.lives = lives;
  }

  /** `captured` of the `length` payload bytes of the record at `o`, from `start` on, which endpoint `side` has sent. */
  show(app: FlowApp, side: number, rec: RingReader, o: number, start: number, captured: number, length: number, now: number): void {
    if (app.heads !== null) {
      const bytes = rec.u8.subarray(start, start + Math.min(captured, length));
      this.segment(app, side, rec.i32[(o + R_SEQ) >> 2], bytes, length, now);
      return;
    }
    const count = Math.min(captured, MOST_BYTES);
    this.scratch.set(rec.u8.subarray(start, start + count));
    app.datagram(now, side === app.client ? CLIENT : SERVER, this.scratch.subarray(0, count));
  }

  /** `bytes`: what was captured of `length` bytes from `sequence` on. */
  segment(app: FlowApp, side: number, sequence: number, bytes: Uint8Array, length: number, now: number): void {
    const head = app.heads?.[side === app.client ? CLIENT : SERVER];
    if (head === undefined) return;
    head.begin(this.firstSequence(app.slot, side));
    if (head.add(sequence, bytes, length)) app.advanceStream(now);
  }

  /** The sequence number of the endpoint's SYN. */
  firstSequence(slot: number, side: number): number {
    const { store } = this.lives;
    return store.coldI[((slot * store.coldBytes - row.HOT_BYTES + row.F_ISN_A) >> 2) + side];
  }
}
