/**
 * Interim records of long flows. A flow is due at first seen + k × active timeout. At each due time a record is
 * written if the flow is still alive then and has counted a packet since its last record; empty periods give none.
 *
 * All live flows hang in one list in the order of their due times. The order keeps itself: flows open in the order
 * of time, and whoever was due goes to the end with one period added. The table calls `walk` before it counts the
 * first packet at or behind `next`, and at ticks, so a record holds exactly the packets before its due time and the
 * length of a tick cannot change it.
 */
import { F_DUE, F_DUE_NEXT, F_DUE_PREV, HOT_BYTES } from './row.ts';
import type { FlowStore } from './store.ts';
import { TableWord } from './table-words.ts';

const PREV = (F_DUE_PREV - HOT_BYTES) >> 2;
const NEXT = (F_DUE_NEXT - HOT_BYTES) >> 2;
const DUE = (F_DUE - HOT_BYTES) >> 3;

export interface InterimSink {
  /** Writes the interim record of `slot` for the due time, if one is owed. */
  interimDue(slot: number, dueNs: number): void;
}

export class InterimSchedule {
  /** Due time of the first flow in the list; Infinity when there is none. The fast path sets it when it opens that flow. */
  next = Number.POSITIVE_INFINITY;
  readonly periodNs: number;
  private readonly table: Int32Array;
  private readonly coldI: Int32Array;
  private readonly coldF: Float64Array;
  private readonly words: number;
  private readonly doubles: number;

  /** `periodNs` 0 = no interim records; `table`: the words of the table. */
  constructor(store: FlowStore, periodNs: number, table: Int32Array) {
    this.table = table;
    this.periodNs = periodNs;
    this.coldI = store.coldI;
    this.coldF = store.coldF;
    this.words = store.coldBytes >> 2;
    this.doubles = store.coldBytes >> 3;
  }

  add(slot: number, firstNs: number): void {
    if (this.periodNs === 0) return;
    this.append(slot, firstNs + this.periodNs);
  }

  remove(slot: number): void {
    if (this.periodNs === 0) return;
    const { coldI, words } = this;
    const prev = coldI[slot * words + PREV];
    const next = coldI[slot * words + NEXT];
    if (prev >= 0) coldI[prev * words + NEXT] = next;
    else this.head = next;
    if (next >= 0) coldI[next * words + PREV] = prev;
    else this.tail = prev;
    this.refreshNext();
  }

  /** Due time of one flow; Infinity without interim records. */
  dueOf(slot: number): number {
    return this.periodNs === 0 ? Number.POSITIVE_INFINITY : this.coldF[slot * this.doubles + DUE];
  }

  /** Lets the sink write what is due at or before `now`, each flow in turn, and sets the next due times. */
  walk(now: number, sink: InterimSink): void {
    if (this.head >= 0 && now - this.coldF[this.head * this.doubles + DUE] >= this.periodNs) this.leap(now, sink);
    while (this.next <= now) {
      const slot = this.head;
      const due = this.next;
      sink.interimDue(slot, due);
      this.remove(slot);
      this.append(slot, due + this.periodNs);
    }
  }

  /**
   * After a silence of at least one whole period every flow is due (their due times lie within one period of each
   * other). Each writes what it owes, then all skip the empty periods together, which keeps their order.
   */
  private leap(now: number, sink: InterimSink): void {
    const { coldI, coldF, words, doubles } = this;
    const shift = Math.floor((now - this.next) / this.periodNs) * this.periodNs;
    for (let slot = this.head; slot >= 0; slot = coldI[slot * words + NEXT]!) {
      const at = slot * doubles + DUE;
      sink.interimDue(slot, coldF[at]);
      coldF[at] = coldF[at] + shift;
    }
    this.refreshNext();
  }

  private get head(): number {
    return this.table[TableWord.DUE_HEAD];
  }

  private set head(slot: number) {
    this.table[TableWord.DUE_HEAD] = slot;
  }

  private get tail(): number {
    return this.table[TableWord.DUE_TAIL];
  }

  private set tail(slot: number) {
    this.table[TableWord.DUE_TAIL] = slot;
  }

  private append(slot: number, dueNs: number): void {
    const { coldI, words } = this;
    coldI[slot * words + PREV] = this.tail;
    coldI[slot * words + NEXT] = -1;
    if (this.tail >= 0) coldI[this.tail * words + NEXT] = slot;
    else this.head = slot;
    this.tail = slot;
    this.coldF[slot * this.doubles + DUE] = dueNs;
    this.refreshNext();
  }

  private refreshNext(): void {
    this.next = this.head >= 0 ? this.coldF[this.head * this.doubles + DUE] : Number.POSITIVE_INFINITY;
  }
}
