/** What happened at a moment of a tick, in all shards: attempts, answers, questions and claims in one order. */
import { B_ANSWER_ORDINAL, B_ANSWERED_AT, B_AT, B_ORDINAL, type DetectBatch } from './batch.ts';
import type { EntryReader } from './entry-reader.ts';
import type { ArpEvent, DnsEvent } from './events.ts';
import { answersOf, sorted } from './joined-entries.ts';
import type { TickVisitor } from './merge-batches.ts';
import type { TickSurges } from './tick-surges.ts';

const NEVER = Number.POSITIVE_INFINITY;

export class TickMoments {
  private readonly moments: EntryReader;
  private readonly surges: TickSurges;
  private readonly afterNs: number;
  private readonly visitor: TickVisitor;
  private readonly opens: Uint32Array;
  private readonly answers: Uint32Array;
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
    surges: TickSurges,
    afterNs: number,
    visitor: TickVisitor,
  ) {
    this.moments = moments;
    this.surges = surges;
    this.afterNs = afterNs;
    this.visitor = visitor;
    this.opens = sorted(moments, opens, B_AT, B_ORDINAL);
    this.answers = sorted(moments, answersOf(batches), B_ANSWERED_AT, B_ANSWER_ORDINAL);
    this.objects = objectsOf(batches);
    this.toldAt = new Float64Array(moments.count).fill(Number.NaN);
  }

  tell(): void {
    const left = this.opens.length + this.answers.length + this.objects.length;
    for (let told = 0; told < left; told++) this.tellNext();
  }

  /** Of one moment and packet, answers come first, then claims, questions, attempts. */
  private tellNext(): void {
    const { moments, opens, answers, objects } = this;
    const open = this.open < opens.length ? moments.offset(opens[this.open]) : -1;
    const answer = this.answer < answers.length ? moments.offset(answers[this.answer]) : -1;
    const openAt = open < 0 ? NEVER : moments.number(open, B_AT);
    const answerAt = answer < 0 ? NEVER : moments.number(answer, B_ANSWERED_AT);
    const objectAt = this.object < objects.length ? objects[this.object].at : NEVER;
    const ordinal = objectAt === NEVER ? 0 : objects[this.object].ordinal;
    const isFirst = objectAt !== NEVER && objectAt <= openAt && objectAt <= answerAt;
    const isBehindAnswer = isFirst && answerAt === objectAt && moments.answerOrdinal(answer) <= ordinal;
    const isBehindOpen = isFirst && openAt === objectAt && moments.ordinal(open) < ordinal;
    if (isFirst && !isBehindAnswer && !isBehindOpen) this.tellObject();
    else if (answerAt < openAt || (answerAt === openAt && moments.answerOrdinal(answer) <= moments.ordinal(open))) this.tellAnswer();
    else this.tellOpen();
  }

  private tellOpen(): void {
    const { moments } = this;
    const entry = this.opens[this.open++];
    const offset = moments.offset(entry);
    if (!this.surges.isWithinLimit(offset)) return;
    const at = Math.max(moments.number(offset, B_AT), this.afterNs);
    this.toldAt[entry] = at;
    this.visitor.opened(offset, at);
  }

  private tellAnswer(): void {
    const { moments } = this;
    const entry = this.answers[this.answer++];
    const offset = moments.offset(entry);
    this.visitor.answered(offset, Math.max(moments.number(offset, B_ANSWERED_AT), this.afterNs), this.toldAt[entry]);
  }

  private tellObject(): void {
    const event = this.objects[this.object++];
    // What was learned late, as a question that was never answered, must not make time fall.
    this.visitor.event(event.at < this.afterNs ? { ...event, at: this.afterNs } : event);
  }
}

type ObjectEvent = DnsEvent | ArpEvent;

/** Questions and claims of all shards, in order. */
function objectsOf(batches: readonly DetectBatch[]): ObjectEvent[] {
  const events = batches.flatMap(({ dns, arp }): ObjectEvent[] => [...dns, ...arp]);
  return events.sort((a, b) => a.at - b.at || a.ordinal - b.ordinal || compareTexts(sortKey(a), sortKey(b)));
}

/** Orders events of one moment that carry no number of a packet. */
function sortKey(event: ObjectEvent): string {
  return event.type === 'dns' ? `dns ${event.client} ${event.query} ${event.qtype} ${event.rcode}` : event.type;
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
