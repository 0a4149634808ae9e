/** Shows the rows of one kind of event to the rules that want them; those of rules with a front natively, as far as it goes. */
import type { RowFronts } from '../native/row-fronts.ts';
import { type EventRows, ignoreRow, type RowHandler, showRows } from './event-rows.ts';
import type { RowFront } from './row-front.ts';

/** `areEnds`: rows are of volumes and ends, else of attempts. `mask` gets bits of fronts. */
export type CreateRowFronts = (fronts: readonly RowFront[], areEnds: boolean, mask: Uint32Array) => RowFronts;

export interface RowListener {
  readonly handler: RowHandler;
  readonly front: RowFront | null;
  /** It threw, and hears no more. */
  giveUp(error: unknown): void;
}

/** Bits of a mask that is no negative number. */
const MOST_FRONTS = 31;

export class RowShow {
  private readonly mask = new Uint32Array(1);
  private readonly fronts: RowFronts | null;
  /** Bits in the mask, in this order. */
  private readonly fronted: RowListener[];
  private readonly others: RowListener[];

  /** Without `create` every row is shown. */
  constructor(listeners: readonly RowListener[], areEnds: boolean, create: CreateRowFronts | null) {
    const having = create === null ? [] : listeners.filter(({ front }) => front !== null).slice(0, MOST_FRONTS);
    this.fronted = having;
    this.others = listeners.filter((listener) => !having.includes(listener));
    const fronts = having.flatMap(({ front }) => (front === null ? [] : [front]));
    this.fronts = create === null || fronts.length === 0 ? null : create(fronts, areEnds, this.mask);
  }

  show(rows: EventRows): void {
    if (this.fronts !== null) this.showFronted(this.fronts, rows);
    if (this.others.length === 0) return;
    const handlers = this.others.map(({ handler }) => handler);
    showRows(rows, handlers, (place, error) => this.others[place].giveUp(error));
  }

  private showFronted(fronts: RowFronts, rows: EventRows): void {
    const { fronted, mask } = this;
    const handlers = fronted.map(({ handler }) => handler);
    fronts.begin(rows.entries.u8, rows, rows.count);
    for (let row = fronts.next(); row >= 0; row = fronts.next()) {
      for (let bits = mask[0]; bits !== 0; bits &= bits - 1) {
        const place = 31 - Math.clz32(bits & -bits);
        try {
          handlers[place](rows, row);
        } catch (error) {
          handlers[place] = ignoreRow;
          fronted[place].giveUp(error);
        }
      }
    }
  }
}
