/**
 * Rules of the people who run the sensor: each file in a thread of its own, with bounds on time and memory. What breaks
 * there is disabled, counted and told in one line; the capture and all other rules go on.
 */
import type { DetectEvent } from '../detect/events.ts';
import type { Finding } from '../detect/rule.ts';
import { errorMessage } from './rule-errors.ts';
import { findRuleFiles } from './rule-files.ts';
import { checkFinding } from './rule-finding.ts';
import { type DoneMessage, type RuleFault, type RuleMeta, type RuleTerms, toWire, type WireEvent } from './rule-protocol.ts';
import { RuleThread } from './rule-thread.ts';

/** Generous: on a loaded machine a thread may wait long for its turn. */
const BATCH_MS = 2000;
const LOAD_MS = 10_000;

export interface UserRulesContext extends RuleTerms {
  /** Wall time that a file has for one batch, ms. Default 2000. */
  readonly batchMs?: number;
  /** Wall time that a file has to load, ms. Default 10000. */
  readonly loadMs?: number;
}

/** Something that is not used, or no longer. */
export interface RuleProblem {
  /** As it was named or found. */
  readonly file: string;
  /** null when it is not about one rule. */
  readonly kind: string | null;
  /** The whole line for people: `rules/exfil.ts:12: rule exfil threw "…" and was disabled`. */
  readonly message: string;
}

export interface UserFinding {
  readonly rule: RuleMeta;
  readonly finding: Finding;
}

type Report = (problem: RuleProblem) => void;

export class UserRules {
  /** Rules and files that were found and are out of service, and findings told. */
  readonly counters = { disabled: 0, findings: 0 };
  readonly #report: Report;
  readonly #batchMs: number;
  readonly #threads: RuleThread[] = [];
  #rules: RuleMeta[] = [];
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(context: UserRulesContext, report: Report) {
    this.#batchMs = context.batchMs ?? BATCH_MS;
    this.#report = report;
  }

  /** Loads rule files and directories of them; never fails, as what cannot be used is reported and counted. */
  static async open(paths: readonly string[], context: UserRulesContext, report: Report): Promise<UserRules> {
    const rules = new UserRules(context, report);
    await rules.#load(paths, context);
    return rules;
  }

  /** Every rule that was loaded, in the order of files and within them; also those that are not enabled. */
  get rules(): readonly RuleMeta[] {
    return this.#rules;
  }

  /**
   * Shows all rules the events of a tick, in order, and gives what they found: in the order of events, then of files and
   * rules. Waits for every file, at most `batchMs`. Calls wait for each other.
   */
  feed(events: readonly DetectEvent[]): Promise<UserFinding[]> {
    const found = this.#turn.then(() => this.#feed(events));
    this.#turn = found.catch(() => {});
    return found;
  }

  /** Ends all threads. A feed that is under way gives what is there. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  async #load(paths: readonly string[], context: UserRulesContext): Promise<void> {
    const { builtinKinds, internalNetworks, settings, enabled, loadMs = LOAD_MS } = context;
    const terms: RuleTerms = { builtinKinds, internalNetworks, settings, ...(enabled === undefined ? {} : { enabled }) };
    const files = findRuleFiles(paths, (file, what) => this.#disable(file, { kind: null, line: null, what }, 0));
    const loading = files.map(async (file) => {
      const thread = new RuleThread(file, terms, (fault, lost) => this.#disable(file.file, fault, lost));
      this.#threads.push(thread);
      return { thread, loaded: await thread.load(loadMs) };
    });
    // In the order of the files, not of who was ready first: the same file wins a name every time.
    for (const { thread, loaded } of await Promise.all(loading)) {
      this.#disableAll(thread, loaded?.faults ?? []);
      this.#adopt(thread);
    }
    const idle = this.#threads.filter((thread) => thread.isIdle);
    await Promise.all(idle.map((thread) => thread.close()));
  }

  /** Lists the rules of a file, except for those whose names are taken. */
  #adopt(thread: RuleThread): void {
    const { file } = thread.file;
    for (const rule of thread.rules) {
      const first = this.#rules.find(({ kind }) => kind === rule.kind);
      if (first === undefined) this.#rules.push(rule);
      else {
        thread.drop(rule.kind);
        const what = `rule ${rule.kind} is already defined in ${first.file}; this one is not used`;
        this.#disable(file, { kind: rule.kind, line: null, what }, 1);
      }
    }
  }

  async #feed(events: readonly DetectEvent[]): Promise<UserFinding[]> {
    const wire = new Map<number, WireEvent>();
    const running = this.#threads.map(async (thread) => {
      const indexes = [...events.keys()].filter((index) => thread.wants(events[index].type));
      if (indexes.length === 0) return [];
      const batch = indexes.map((index) => {
        const event = wire.get(index) ?? toWire(events[index]);
        wire.set(index, event);
        return event;
      });
      const done = await thread.run(batch, this.#batchMs);
      if (done === null) return [];
      this.#disableAll(thread, done.faults);
      return this.#check(thread, done).map(({ event, ...found }) => ({ event: indexes[event], ...found }));
    });
    // The sort is stable: files and rules stay in their order.
    const found = (await Promise.all(running)).flat().sort((a, b) => a.event - b.event);
    this.counters.findings += found.length;
    return found.map(({ rule, finding }) => ({ rule, finding }));
  }

  /** Once more on this side: the thread's own check ran among foreign code. */
  #check(thread: RuleThread, { findings }: DoneMessage): (UserFinding & { event: number })[] {
    try {
      return findings.map(({ event, rule, finding }) => ({ event, rule: thread.rules[rule], finding: checkFinding(finding) }));
    } catch (error) {
      thread.disable(`sent what is no finding and was disabled: ${errorMessage(error)}`);
      return [];
    }
  }

  #disableAll(thread: RuleThread, faults: readonly RuleFault[]): void {
    for (const fault of faults) this.#disable(thread.file.file, fault, 1);
  }

  #disable(file: string, { kind, line, what }: RuleFault, lost: number): void {
    this.counters.disabled += lost;
    this.#report({ file, kind, message: `${file}${line === null ? '' : `:${line}`}: ${what}` });
  }
}
