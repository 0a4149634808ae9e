/** Sources of rule files, written into a directory of their own: broken ones cannot lie among the project's sources. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DnsEvent, SurgeEvent, TickEvent } from '../../../src/detect/events.ts';
import type { RuleOptions } from '../../../src/detect/rule-settings.ts';
import { resolveRules } from '../../../src/detect/rules.ts';
import { HyperLogLog } from '../../../src/detect/state/hyperloglog.ts';
import { type RuleProblem, UserRules, type UserRulesContext } from '../../../src/supervisor/user-rules.ts';

export const goodRule = new URL('../../fixtures/rules/many-questions.ts', import.meta.url).pathname;

/** A rule of one line, so that what follows is on line 2 and after. `body` is what is inside create(context). */
export function ruleText(kind: string, body: string, more = ''): string {
  const fields = `title: 't', description: 'd', severity: 'low', confidence: 1, mitre: [], enabled: true, cooldownSecs: 1, settings: {}`;
  return `{ kind: '${kind}', ${fields}, ${more} create({ raise, settings, isInternal, text }) {\n${body}\n} }`;
}

export const ruleFile = (kind: string, body: string, more = '') => `export default ${ruleText(kind, body, more)};\n`;

/** Raises for every event of the type; `description` is an expression. */
export const raising = (type: string, description: string) =>
  `return { ${type}(event) { raise({ at: event.at, firstAt: event.at, source: null, target: null, observed: {}, threshold: {},
    windowSecs: 1, description: ${description}, flows: [] }); } };`;

/** A directory with files; its path without a slash at the end. */
export class RuleDirectory {
  readonly path = mkdtempSync(join(tmpdir(), 'weir-rules-'));

  write(files: Readonly<Record<string, string>>): string {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.path, name), text);
    return this.path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface Opened {
  rules: UserRules;
  problems: RuleProblem[];
  /** The lines, without the directory. */
  lines(): string[];
}

const context: UserRulesContext = { builtinKinds: ['port_scan'], internalNetworks: ['10.0.0.0/8'] };

/** What a configuration says of rules and networks. */
export const configured =
  (options: Partial<RuleOptions>): NonNullable<UserRulesContext['configure']> =>
  (rules) =>
    resolveRules({ rules: {}, networks: {}, places: {}, ...options }, rules);

export async function openRules(paths: string | string[], more: Partial<UserRulesContext> = {}): Promise<Opened> {
  const problems: RuleProblem[] = [];
  const rules = await UserRules.open([paths].flat(), { ...context, ...more }, (problem) => problems.push(problem));
  return { rules, problems, lines: () => problems.map(({ file, message }) => message.replace(file, file.replace(/^.*\//, ''))) };
}

const INSIDE = '\x0a\x00\x00\x05';

export const question = (at: number, query: string, client = INSIDE): DnsEvent => ({
  type: 'dns',
  at,
  ordinal: at,
  client,
  server: '\x08\x08\x08\x08',
  query,
  qtype: 'A',
  rcode: 'NOERROR',
});

export const tick = (at: number): TickEvent => ({
  type: 'tick',
  at,
  ordinal: at,
  final: false,
  packets: 1,
  bytes: 60,
  dropped: 0,
  missedBytes: 0,
  payloadBytes: 0,
  clockSteps: 0,
});

export function surge(at: number, keys: readonly string[]): SurgeEvent {
  const sources = new HyperLogLog();
  for (const key of keys) sources.add(key);
  return { type: 'surge', at, ordinal: at, protocol: 6, target: INSIDE, targetPort: 80, opens: keys.length, sources };
}
