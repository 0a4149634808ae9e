/**
 * The thread of a rule file: imports it, makes its rules, and shows them events. Whatever a rule throws ends that rule;
 * what cannot be caught here (no return, no memory) is for the sensor's side.
 */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { types } from 'node:util';
import { getHeapStatistics, queryObjects } from 'node:v8';
import { workerData } from 'node:worker_threads';
import { addressText } from '../detect/address-text.ts';
import type { DetectEvent, EventType } from '../detect/events.ts';
import { Networks } from '../detect/networks.ts';
import { findingFilter } from '../detect/regional-rule.ts';
import type { Finding, Rule, RuleContext, RuleHandlers } from '../detect/rule.ts';
import { errorLine, errorMessage, syntaxErrorLine } from './rule-errors.ts';
import { checkFinding } from './rule-finding.ts';
import {
  type DoneMessage,
  EVENT_TYPES,
  type FromRules,
  fromWire,
  type LoadedMessage,
  MEMORY_KEPT,
  MOST_FINDINGS,
  type RuleFault,
  type RuleFileData,
  type RuleRun,
  type StartedMessage,
  type StartMessage,
  type ToRules,
  type WireEvent,
} from './rule-protocol.ts';
import { type CheckedRule, checkRules } from './rule-shape.ts';

/** What a rule file gets when it imports this package by its name: these of ours, wherever the file lies and whatever is installed there. */
const kitParts = ['events', 'rule', 'state/bounded-map', 'state/hyperloglog', 'state/sliding-set'];
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const kitUrl = new URL('./rule-kit', import.meta.url).href;
const kitSource = kitParts
  .map((part) => `export * from ${JSON.stringify(new URL(`../detect/${part}.${extension}`, import.meta.url).href)};`)
  .join('\n');

interface RunningRule {
  /** Of the rule in the file, and of the run among its runs. */
  readonly index: number;
  readonly run: number;
  readonly kind: string;
  readonly handlers: RuleHandlers;
}

class RuleHost {
  private readonly data: RuleFileData;
  private readonly running: Int32Array;
  private defined: readonly CheckedRule[] = [];
  private rules: RunningRule[] = [];
  private byType = new Map<EventType, RunningRule[]>();
  /** Findings of each rule in this batch. */
  private readonly raised = new Map<string, number>();
  private faults: RuleFault[] = [];
  private findings: DoneMessage['findings'][number][] = [];
  /** Index of the event that is shown, -1 outside of events. */
  private event = -1;

  constructor(data: RuleFileData) {
    this.data = data;
    this.running = new Int32Array(data.running);
  }

  /** Finds the rules of a default export. */
  load(exported: unknown): LoadedMessage {
    const { file, terms } = this.data;
    const { rules, faults } = checkRules(exported, file, terms);
    this.defined = rules;
    return { type: 'loaded', rules: rules.map(({ meta }) => meta), faults };
  }

  /** Makes them, once for each run. */
  start(runs: StartMessage['runs']): StartedMessage {
    const networks = Networks.parse(this.data.terms.internalNetworks);
    const isInternal: RuleContext['isInternal'] = (address) => networks.contains(address);
    for (const [index, { rule, meta }] of this.defined.entries()) {
      const created = (runs[meta.kind] ?? []).map((run, number) =>
        this.create(rule, { index, run: number, kind: meta.kind }, run, isInternal),
      );
      if (created.every((each) => each !== null)) this.rules.push(...created);
    }
    this.arrange();
    return { type: 'started', faults: this.takeFaults(), wants: this.wants() };
  }

  private create(
    rule: Rule,
    place: Omit<RunningRule, 'handlers'>,
    { settings, region }: RuleRun,
    isInternal: RuleContext['isInternal'],
  ): RunningRule | null {
    const isOwn = region === null ? null : findingFilter(rule, region);
    const raise = (finding: unknown) => this.raise(place, finding, isOwn);
    try {
      Atomics.store(this.running, 0, place.index);
      const handlers = rule.create({ settings: { ...settings }, isInternal, text: addressText, raise });
      const wrong = EVENT_TYPES.find((type) => !['function', 'undefined'].includes(typeof handlers[type]));
      if (wrong !== undefined) throw new TypeError(`${wrong} is not a function`);
      if (EVENT_TYPES.every((type) => handlers[type] === undefined)) throw new TypeError('it handles no event');
      return { ...place, handlers };
    } catch (error) {
      this.fail(place.kind, `could not be created: ${errorMessage(error)}`, error);
      return null;
    } finally {
      Atomics.store(this.running, 0, -1);
    }
  }

  run(events: readonly WireEvent[]): DoneMessage {
    this.raised.clear();
    for (const [index, wire] of events.entries()) {
      const event = Object.freeze(fromWire(wire));
      this.event = index;
      for (const rule of this.byType.get(event.type) ?? []) this.show(rule, event);
    }
    this.event = -1;
    const { findings } = this;
    this.findings = [];
    return { type: 'done', findings, faults: this.takeFaults(), wants: this.wants(), memory: memoryKept() };
  }

  private show(rule: RunningRule, event: DetectEvent): void {
    Atomics.store(this.running, 0, rule.index);
    try {
      const result: unknown = rule.handlers[event.type]?.(event as never);
      if (types.isPromise(result)) {
        result.catch(() => {});
        throw new TypeError(`${event.type} is asynchronous; events have an order`);
      }
    } catch (error) {
      this.fail(rule.kind, `threw "${errorMessage(error)}" and was disabled`, error);
      this.drop(rule.kind);
    }
    Atomics.store(this.running, 0, -1);
  }

  private raise({ index, run, kind }: Omit<RunningRule, 'handlers'>, given: unknown, isOwn: ((finding: Finding) => boolean) | null): void {
    if (this.event < 0) throw new Error('raise was called outside of an event');
    if (!this.rules.some((rule) => rule.index === index)) return;
    const raised = (this.raised.get(kind) ?? 0) + 1;
    this.raised.set(kind, raised);
    if (raised > MOST_FINDINGS) throw new RangeError(`more than ${MOST_FINDINGS} findings in one tick`);
    const finding = checkFinding(given);
    if (isOwn === null || isOwn(finding)) this.findings.push({ event: this.event, rule: index, run, finding });
  }

  private fail(kind: string, what: string, error: unknown): void {
    this.faults.push({ kind, line: errorLine(error, this.data.path), what: `rule ${kind} ${what}` });
  }

  private drop(kind: string): void {
    this.rules = this.rules.filter((rule) => rule.kind !== kind);
    this.arrange();
  }

  /** New lists, so that one that is walked stays as it is. */
  private arrange(): void {
    const handling = (type: EventType) => this.rules.filter(({ handlers }) => handlers[type] !== undefined);
    this.byType = new Map(EVENT_TYPES.map((type) => [type, handling(type)]));
  }

  private wants(): EventType[] {
    return EVENT_TYPES.filter((type) => this.byType.get(type)?.length !== 0);
  }

  private takeFaults(): RuleFault[] {
    const { faults } = this;
    this.faults = [];
    return faults;
  }
}

/** Heap and buffers of this thread. Near the limit garbage is collected first, as it does not count. */
function memoryKept(): number {
  const used = () => {
    const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
    return heap + external;
  };
  const bytes = used();
  if (bytes <= MEMORY_KEPT) return bytes;
  // Counting the objects of a class makes V8 collect all garbage before.
  queryObjects(RuleHost, { format: 'count' });
  return used();
}

function offerKit(): void {
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'weir-sensor' ? { url: kitUrl, format: 'module', shortCircuit: true } : next(specifier, context),
    load: (url, context, next) => (url === kitUrl ? { format: 'module', source: kitSource, shortCircuit: true } : next(url, context)),
  });
}

function loadFault(error: unknown, path: string): RuleFault {
  let line = errorLine(error, path);
  if (line === null && error instanceof SyntaxError) line = syntaxErrorLine(readFileSync(path, 'utf8'));
  return { kind: null, line, what: errorMessage(error) };
}

async function load(host: RuleHost, path: string): Promise<LoadedMessage> {
  try {
    const module = (await import(pathToFileURL(path).href)) as { default?: unknown };
    if (module.default === undefined) throw new TypeError('no default export: it has to be a rule or a list of rules');
    return host.load(module.default);
  } catch (error) {
    return { type: 'loaded', rules: [], faults: [loadFault(error, path)] };
  }
}

const data = workerData as RuleFileData;
const host = new RuleHost(data);
const post = (message: FromRules) => data.port.postMessage(message);

offerKit();
post(await load(host, data.path));
data.port.on('message', (message: ToRules) => {
  post(message.type === 'start' ? host.start(message.runs) : host.run(message.events));
});
