/**
 * Packets on their way to libndpi: gathered while a batch of records is processed, looked at in one call before the
 * records' space in the ring is given back, so that their bytes are never copied.
 */
import {
  type Detector,
  DPI_ENTRY_WORDS,
  DPI_FROM_SERVER,
  DPI_RESULT_WORDS,
  DPI_WHOLE,
  DpiState,
  DpiWord,
  writeDpiTime,
} from '../native/dpi.ts';

const MOST_QUEUED = 256;
/** What libndpi keeps of a flow: its structure, and what a TLS handshake has in its buffer on the way. Of most flows it is less. */
export const NDPI_FLOW_BYTES = 2304;

/** What libndpi says of a flow; ids are those of the library. */
export interface DpiVerdict {
  master: number;
  app: number;
  category: number;
  confidence: number;
  risksLow: number;
  risksHigh: number;
  guessed: boolean;
  /** Nothing more will come. */
  settled: boolean;
}

export class DpiQueue {
  private readonly detector: Detector;
  private readonly onVerdict: (slot: number, verdict: DpiVerdict) => void;
  private readonly entries = new Int32Array(MOST_QUEUED * DPI_ENTRY_WORDS);
  private readonly results = new Int32Array(MOST_QUEUED * DPI_RESULT_WORDS);
  private readonly last = new Int32Array(DPI_RESULT_WORDS);
  private bytes: Uint8Array | null = null;
  private queued = 0;

  constructor(detector: Detector, onVerdict: (slot: number, verdict: DpiVerdict) => void) {
    this.detector = detector;
    this.onVerdict = onVerdict;
  }

  /** A packet from its IP header on, in a ring's memory. `ms`: since the epoch. `whole`: the flow is known from its first packet on. */
  add(slot: number, fromServer: boolean, whole: boolean, ms: number, bytes: Uint8Array, offset: number, length: number): void {
    if (this.bytes !== bytes || this.queued === MOST_QUEUED) this.flush();
    this.bytes = bytes;
    const at = this.queued * DPI_ENTRY_WORDS;
    this.entries[at] = slot;
    this.entries[at + 1] = (fromServer ? DPI_FROM_SERVER : 0) | (whole ? DPI_WHOLE : 0);
    writeDpiTime(this.entries, at, ms);
    this.entries[at + 4] = offset;
    this.entries[at + 5] = length;
    this.queued++;
  }

  flush(): void {
    const { bytes, queued, entries, results } = this;
    if (bytes === null || queued === 0) return;
    this.queued = 0;
    if (this.detector.process(entries, queued, bytes, results) === 0) return;
    for (let i = 0; i < queued; i++) this.tell(entries[i * DPI_ENTRY_WORDS], results, i * DPI_RESULT_WORDS);
  }

  /** The last word on a flow that has ended. */
  giveUp(slot: number): void {
    this.flush();
    this.detector.giveUp(slot, this.last);
    this.tell(slot, this.last, 0);
  }

  release(slot: number): void {
    this.detector.release(slot);
  }

  private tell(slot: number, words: Int32Array, at: number): void {
    const state = words[at + DpiWord.STATE];
    if (state !== DpiState.PARTIAL && state !== DpiState.CLASSIFIED && state !== DpiState.GAVE_UP) return;
    this.onVerdict(slot, {
      master: words[at + DpiWord.MASTER],
      app: words[at + DpiWord.APP],
      category: words[at + DpiWord.CATEGORY],
      confidence: words[at + DpiWord.CONFIDENCE],
      risksLow: words[at + DpiWord.RISKS_LOW],
      risksHigh: words[at + DpiWord.RISKS_HIGH],
      guessed: words[at + DpiWord.GUESSED] !== 0,
      settled: state !== DpiState.PARTIAL,
    });
  }
}
