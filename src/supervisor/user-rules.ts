/**
 * Rules of the people who run the sensor: each file in a thread of its own, with bounds on time and memory. What breaks
 * there is disabled, counted and told in one line; the capture and all other rules go on.
 */
import type { DetectEvent } from '../detect/events.ts';
import type { Finding } from '../detect/rule.ts';
import { checkRules, type ResolvedRule } from '../detect/rule-settings.ts';
import { variantsOf } from '../detect/rule-variants.ts';
import { errorMessage } from './rule-errors.ts';
import { findRuleFiles } from './rule-files.ts';
import { checkFinding } from './rule-finding.ts';
import { type DoneMessage, type RuleFault, type RuleMeta, type RuleRun, type RuleTerms, toWire, type WireEvent } from './rule-protocol.ts';
import { RuleThread } from './rule-thread.ts';

/** Generous: on a loaded machine a thread may wait long for its turn. */
const BATCH_MS = 2000;
const LOAD_MS = 10_000;

/** What is in force for the rules that were found; `isWhole`: every file could be read and used. */
export type Configure = (rules: readonly RuleMeta[], isWhole: boolean) => readonly ResolvedRule[];

export interface UserRulesContext extends RuleTerms {
  /** Says what is in force; what the rules say themselves where it is left out. */
  readonly configure?: Configure;
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
  /** With what was in force for the finding. */
  readonly rule: ResolvedRule;
  readonly finding: Finding;
}

type Report = (problem: RuleProblem) => void;
/** Rules by kind, in the order in which they were found. */
type Owners = Map<string, { readonly rule: RuleMeta; readonly thread: RuleThread }>;

const asTheySay: Configure = (rules) => checkRules(rules, { rules: {}, networks: {}, places: {} }).resolved;

export class UserRules {
  /** Rules and files that were found and are out of service, and findings told. */
  readonly counters = { disabled: 0, findings: 0 };
  readonly #report: Report;
  readonly #batchMs: number;
  readonly #threads: RuleThread[] = [];
  #rules: readonly ResolvedRule[] = [];
  /** By kind, in the order of the runs of its thread. */
  readonly #variants = new Map<string, readonly ResolvedRule[]>();
  #hasFaults = false;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(context: UserRulesContext, report: Report) {
    this.#batchMs = context.batchMs ?? BATCH_MS;
    this.#report = report;
  }

  /**
   * Loads rule files and directories of them; what cannot be used is reported and counted.
   * @throws what `context.configure` throws, and nothing else
   */
  static async open(paths: readonly string[], context: UserRulesContext, report: Report): Promise<UserRules> {
    const rules = new UserRules(context, report);
    try {
      const owners = await rules.#load(paths, context);
      await rules.#start(owners, context);
      return rules;
    } catch (error) {
      await rules.close();
      throw error;
    }
  }

  /** Every rule that was loaded, in the order of files and within them; also those that are not enabled. */
  get rules(): readonly ResolvedRule[] {
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

  /** The rules that there are, each with its thread. */
  async #load(paths: readonly string[], context: UserRulesContext): Promise<Owners> {
    const { builtinKinds, internalNetworks, loadMs = LOAD_MS } = context;
    const terms: RuleTerms = { builtinKinds, internalNetworks };
    const files = findRuleFiles(paths, (file, what) => this.#disable(file, { kind: null, line: null, what }, 0));
    const loading = files.map(async (file) => {
      const thread = new RuleThread(file, terms, (fault, lost) => this.#disable(file.file, fault, lost));
      this.#threads.push(thread);
      return { thread, loaded: await thread.load(loadMs) };
    });
    const owners: Owners = new Map();
    // In the order of the files, not of who was ready first: the same file wins a name every time.
    for (const { thread, loaded } of await Promise.all(loading)) {
      this.#disableAll(thread, loaded?.faults ?? []);
      this.#adopt(thread, owners);
    }
    return owners;
  }

  /** Takes the rules of a file, except for those whose names are taken. */
  #adopt(thread: RuleThread, owners: Owners): void {
    const { file } = thread.file;
    for (const rule of thread.rules) {
      const first = owners.get(rule.kind);
      if (first === undefined) owners.set(rule.kind, { rule, thread });
      else {
        const what = `rule ${rule.kind} is already defined in ${first.rule.file}; this one is not used`;
        this.#disable(file, { kind: rule.kind, line: null, what }, 1);
      }
    }
  }

  async #start(owners: Owners, { configure = asTheySay, loadMs = LOAD_MS }: UserRulesContext): Promise<void> {
    const metas = Array.from(owners.values(), ({ rule }) => rule);
    this.#rules = configure(metas, !this.#hasFaults);
    for (const rule of this.#rules) {
      const { kind } = rule.rule;
      this.#variants.set(
        kind,
        variantsOf(rule).map((variant) => ({ ...rule, ...variant })),
      );
    }
    const starting = this.#threads.map(async (thread) => {
      const own = this.#rules.filter(({ rule: { kind } }) => owners.get(kind)?.thread === thread);
      const runs = own.map((rule) => [rule.rule.kind, variantsOf(rule).map(({ settings, region }): RuleRun => ({ settings, region }))]);
      return thread.start(Object.fromEntries(runs), loadMs);
    });
    for (const [index, faults] of (await Promise.all(starting)).entries()) this.#disableAll(this.#threads[index], faults);
    // What could not be made is not there.
    this.#rules = this.#rules.filter(
      ({ rule: { kind } }) => this.#variants.get(kind)?.length === 0 || owners.get(kind)?.thread.isRunning(kind),
    );
    const idle = this.#threads.filter((thread) => thread.isIdle);
    await Promise.all(idle.map((thread) => thread.close()));
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
      return findings.map(({ event, rule, run, finding }) => {
        const resolved = this.#variants.get(thread.rules[rule].kind)?.[run];
        if (resolved === undefined) throw new RangeError('of a rule that does not run');
        return { event, rule: resolved, finding: checkFinding(finding) };
      });
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
    this.#hasFaults = true;
    this.#report({ file, kind, message: `${file}${line === null ? '' : `:${line}`}: ${what}` });
  }
}
