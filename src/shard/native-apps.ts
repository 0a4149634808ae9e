/**
 * The native readers of applications as the application layer uses them: they do the plain case of what the parsers do, and
 * leave every other flow to them, with all of its bytes.
 */
import type { FlowApp } from '../app/flow-app.ts';
import { parseCertificate } from '../app/x509.ts';
import type { FlowLives } from '../flow/lives.ts';
import {
  type AppFlows,
  type AppFlowsMemory,
  AppState,
  AppWord,
  EVENT_WORDS,
  Offered,
  type OfferedCode,
  READER_PROTOCOLS,
  type ReleasedFlow,
} from '../native/app-flows.ts';
import type { RingReader } from '../ring/reader.ts';
import type { AppBytes } from './app-bytes.ts';
import { datagramReaders, streamReaders } from './reader-ports.ts';

export type CreateAppFlows = (memory: AppFlowsMemory) => AppFlows;

/** KiB that open flows may hold before the oldest of them end. */
const MOST_HELD = 64 << 10;

/** Native readers and the rings that they read from. */
export interface NativeParts {
  create: CreateAppFlows;
  rings: readonly RingReader[];
}

interface NativeAppsParts extends NativeParts {
  tags: SharedArrayBuffer;
  /** Somebody wants to know which answer belongs to which question: native readers do not tell. */
  wantsQuestions: boolean;
}

export class NativeApps {
  readonly flows: AppFlows;
  private readonly bytes: AppBytes;
  private readonly rings: readonly RingReader[];
  private readonly states: Uint8Array;
  private readonly words = new Int32Array(AppWord.COUNT);

  constructor(lives: FlowLives, bytes: AppBytes, { create, rings, tags, wantsQuestions }: NativeAppsParts) {
    const { store, tally } = lives;
    this.bytes = bytes;
    this.rings = rings;
    this.states = new Uint8Array(store.rows);
    this.words[AppWord.ENABLED] = 1;
    this.flows = create({
      rings: rings.map(({ u8 }) => u8),
      hot: store.hotB,
      cold: store.coldB,
      coldBytes: store.coldBytes,
      tally,
      states: this.states,
      streamPorts: streamReaders(),
      datagramPorts: datagramReaders(wantsQuestions),
      words: this.words,
      tags: new Int32Array(tags),
    });
  }

  set isEnabled(enabled: boolean) {
    this.words[AppWord.ENABLED] = enabled ? 1 : 0;
  }

  /** Open flows hold more than they should. */
  get isOverfull(): boolean {
    return this.words[AppWord.HELD] > MOST_HELD;
  }

  isOpen(slot: number): boolean {
    return (this.states[slot] & AppState.OPEN) !== 0;
  }

  /** The flow's note is here. */
  isClosed(slot: number): boolean {
    return (this.states[slot] & AppState.CLOSED) !== 0;
  }

  /** Of a flow that is open or closed here. */
  protocolOf(slot: number): string | undefined {
    return READER_PROTOCOLS[this.states[slot] & AppState.PROTOCOL] ?? undefined;
  }

  /** ODD: the flow is to be released. */
  offer(slot: number, side: number, rec: RingReader, o: number): OfferedCode {
    const ring = this.rings.length === 1 ? 0 : this.rings.indexOf(rec);
    const answer = this.flows.offer(ring, o, slot, side);
    return answer === Offered.ODD ? this.again(slot) : answer;
  }

  /** An odd flow, once more: it may be odd only because of a certificate that was not known. */
  again(slot: number): OfferedCode {
    return learnCertificates(this.flows) ? this.flows.again(slot) : Offered.ODD;
  }

  /** The flow is over. */
  conclude(slot: number): OfferedCode {
    const answer = this.flows.conclude(slot);
    return answer === Offered.ODD && learnCertificates(this.flows) ? this.flows.conclude(slot) : answer;
  }

  /** The flow with all of its bytes, if it is open here. */
  release(slot: number): ReleasedFlow | null {
    return this.flows.release(slot);
  }

  /**
   * Shows the parsers what the native reader was given, and calls `after` with the endpoint behind each of its packets. Names
   * that it has told are not told again.
   */
  replay(app: FlowApp, { events, bytes, reported }: ReleasedFlow, after: (side: number) => void): void {
    const sent = [0, 0];
    for (let i = 0, at = 0; i < events.length && !app.done; i += EVENT_WORDS) {
      const [side, length, now, seconds] = events.subarray(i, i + EVENT_WORDS);
      const part = bytes.subarray(at, at + length);
      app.epochSecs = seconds;
      if (app.heads === null) app.datagram(now, side === 0 ? 0 : 1, part);
      else {
        const endpoint = side ^ app.client;
        const sequence = (this.bytes.firstSequence(app.slot, endpoint) + 1 + sent[side]) | 0;
        this.bytes.segment(app, endpoint, sequence, part, length, now);
      }
      sent[side] += length;
      at += length;
      if (i < reported * EVENT_WORDS) app.facts.forgetReports();
      after(side ^ app.client);
    }
  }
}

/** Reads certificates that the readers do not know, with the parser of the application layer; true when one could be. */
export function learnCertificates(readers: Pick<AppFlows, 'learnCertificate' | 'unknownCertificates'>): boolean {
  let any = false;
  for (const der of readers.unknownCertificates()) {
    const certificate = parseCertificate(der);
    if (certificate === null) continue;
    any = true;
    const { facts, names } = certificate;
    const lower = names.map((name) => name.toLowerCase());
    const { not_before: from, not_after: to } = facts;
    readers.learnCertificate(der, JSON.stringify(facts), lower, from ?? Number.NaN, to ?? Number.NaN, facts.self_signed);
  }
  return any;
}
