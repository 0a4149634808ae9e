/** What happened at a moment of a tick, in all shards: attempts, answers, questions and claims in one order. */
import { B_ANSWER_ORDINAL, B_ANSWERED_AT, B_AT, B_ORDINAL, type DetectBatch } from './batch.ts';
import type { EntryReader } from './entry-reader.ts';
import { TURN } from './event-rows.ts';
import type { ArpEvent, DhcpEvent, DnsEvent } from './events.ts';
import { answersOf, inOrder, type OrderedEntries } from './joined-entries.ts';
import type { TickVisitor } from './merge-batches.ts';
import type { Scratch } from './scratch.ts';
import type { TickSurges } from './tick-surges.ts';

export class TickMoments {
  private readonly moments: EntryReader;
  private readonly surges: TickSurges;
  private readonly afterNs: number;
  private readonly visitor: TickVisitor;
  private readonly opens: OrderedEntries;
  private readonly answers: OrderedEntries;
  private readonly objects: readonly ObjectEvent[];
  /** By entry: when the attempt that was told was made. */
  private readonly toldAt: Float64Array;
  private open = 0;
  private answer = 0;
  private object = 0;

  /** `opens`: numbers of the attempts among the moments. Nothing counts before `afterNs`. */
  constructor(
    batches: readonly DetectBatch[],
    moments: EntryReader,
    opens: Uint32Array,
    objects: readonly ObjectEvent[],
    surges: TickSurges,
    afterNs: number,
    visitor: TickVisitor,
    scratch: Scratch,
  ) {
    this.moments = moments;
    this.surges = surges;
    this.afterNs = afterNs;
    this.visitor = visitor;
    this.opens = inOrder(moments, opens, B_AT, B_ORDINAL, scratch);
    this.answers = inOrder(moments, answersOf(batches), B_ANSWERED_AT, B_ANSWER_ORDINAL, scratch);
    this.objects = objects;
    this.toldAt = scratch.numbers('told', moments.count).fill(Number.NaN);
  }

  tell(): void {
    let left = this.opens.entries.length + this.answers.entries.length + this.objects.length;
    for (; left > TURN; left -= TURN) this.tellTurn(TURN);
    this.tellTurn(left);
  }

  /**
   * Of one moment and packet, answers come first, then claims, questions, attempts. One function and not one for each of
   * them: the compiler would put what the rules do with them into every one, and again into what calls it.
   */
  private tellTurn(events: number): void {
    const { moments, surges, visitor, afterNs, opens, answers, objects, toldAt } = this;
    for (let told = 0; told < events; told++) {
      const openAt = opens.times[this.open];
      const answerAt = answers.times[this.answer];
      if (this.object < objects.length && this.isObjectNext(objects[this.object], openAt, answerAt)) this.tellObject();
      else if (answerAt < openAt || (answerAt === openAt && answers.ordinals[this.answer] <= opens.ordinals[this.open])) {
        const entry = answers.entries[this.answer++];
        visitor.answered(moments.offset(entry), Math.max(answerAt, afterNs), toldAt[entry]);
      } else {
        const entry = opens.entries[this.open++];
        const offset = moments.offset(entry);
        if (!surges.isWithinLimit(offset)) continue;
        const at = Math.max(openAt, afterNs);
        toldAt[entry] = at;
        visitor.opened(offset, at);
      }
    }
  }

  private isObjectNext({ at, ordinal }: ObjectEvent, openAt: number, answerAt: number): boolean {
    if (at > openAt || at > answerAt) return false;
    if (answerAt === at && this.answers.ordinals[this.answer] <= ordinal) return false;
    return openAt !== at || this.opens.ordinals[this.open] >= ordinal;
  }

  private tellObject(): void {
    const event = this.objects[this.object++];
    // What was learned late, as a question that was never answered, must not make time fall.
    this.visitor.event(event.at < this.afterNs ? { ...event, at: this.afterNs } : event);
  }
}

export type ObjectEvent = DnsEvent | ArpEvent | DhcpEvent;

/** Questions, claims and messages to DHCP servers of all shards, in order. */
export function objectsOf(batches: readonly DetectBatch[]): ObjectEvent[] {
  const events = batches.flatMap(({ dns, arp, dhcp }): ObjectEvent[] => [...dns, ...arp, ...dhcp]);
  return events.sort((a, b) => a.at - b.at || a.ordinal - b.ordinal || compareTexts(sortKey(a), sortKey(b)));
}

/** Orders events of one moment that carry no number of a packet. */
function sortKey(event: ObjectEvent): string {
  return event.type === 'dns' ? `dns ${event.client} ${event.query} ${event.qtype} ${event.rcode}` : event.type;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
