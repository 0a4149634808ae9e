/**
 * Runs the rules over one tick after the other. The events of all shards are put into one order, so that what rules find
 * depends on the packets and not on how flows were spread. A rule that throws is given up; the others go on.
 */
import type { DetectBatch } from './batch.ts';
import type { DetectEvent, EventType, TickEvent } from './events.ts';
import { mergeBatches } from './merge-batches.ts';
import type { Finding, Rule, RuleContext, RuleHandlers } from './rule.ts';

/** A rule with the settings that are in force. */
export interface ActiveRule {
  readonly rule: Rule;
  readonly settings: Readonly<Record<string, number>>;
}

export interface Found {
  readonly rule: Rule;
  readonly finding: Finding;
}

interface Running {
  readonly rule: Rule;
  readonly handlers: RuleHandlers;
  readonly types: string;
  readonly wants: ReadonlySet<EventType>;
  broken: boolean;
}

const TYPES: readonly EventType[] = ['open', 'answer', 'volume', 'close', 'dns', 'arp', 'surge', 'tick'];

export type RuleTools = Pick<RuleContext, 'isInternal' | 'text'>;

export class DetectEngine {
  private readonly running: readonly Running[];
  private readonly onBroken: (rule: Rule, error: unknown) => void;
  private found: (Found & { index: number })[] = [];
  private index = 0;
  private lastNs = 0;

  /** `onBroken` hears of a rule that threw, once. */
  constructor(rules: readonly ActiveRule[], tools: RuleTools, onBroken: (rule: Rule, error: unknown) => void) {
    this.onBroken = onBroken;
    this.running = rules.map(({ rule, settings }) => {
      const raise = (finding: Finding) => void this.found.push({ rule, finding, index: this.index });
      const context: RuleContext = { settings, raise, isInternal: tools.isInternal, text: tools.text };
      const handlers = rule.create(context);
      const wants = new Set(TYPES.filter((type) => handlers[type] !== undefined));
      return { rule, handlers, types: [...wants].join(), wants, broken: false };
    });
  }

  /** What the rules found in one tick, in the order of the events; `batches` are those of its shards. */
  tick(
    batches: readonly DetectBatch[],
    tick: Omit<TickEvent, 'type' | 'missedBytes' | 'payloadBytes'>,
  ): { found: Found[]; events: DetectEvent[] } {
    const events = mergeBatches(batches, tick, this.lastNs);
    this.lastNs = tick.at;
    this.found = [];
    const lists = new Map<string, number[]>();
    for (const running of this.running) {
      if (running.broken) continue;
      let list = lists.get(running.types);
      if (list === undefined) {
        list = [];
        for (let i = 0; i < events.length; i++) if (running.wants.has(events[i].type)) list.push(i);
        lists.set(running.types, list);
      }
      this.run(running, events, list);
    }
    this.found.sort((a, b) => a.index - b.index);
    return { found: this.found, events };
  }

  /** `list`: indexes of the events that the rule wants. */
  private run(running: Running, events: readonly DetectEvent[], list: readonly number[]): void {
    const { handlers, rule } = running;
    try {
      for (let i = 0; i < list.length; i++) {
        this.index = list[i];
        dispatch(handlers, events[list[i]]);
      }
    } catch (error) {
      running.broken = true;
      this.onBroken(rule, error);
    }
  }
}

export function dispatch(handlers: RuleHandlers, event: DetectEvent): void {
  switch (event.type) {
    case 'open':
      handlers.open?.(event);
      break;
    case 'answer':
      handlers.answer?.(event);
      break;
    case 'volume':
      handlers.volume?.(event);
      break;
    case 'close':
      handlers.close?.(event);
      break;
    case 'dns':
      handlers.dns?.(event);
      break;
    case 'arp':
      handlers.arp?.(event);
      break;
    case 'surge':
      handlers.surge?.(event);
      break;
    case 'tick':
      handlers.tick?.(event);
      break;
  }
}
