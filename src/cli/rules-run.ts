/** What `weir rules` does. Loaded when it is asked for, as the rules come with the public suffix list. */
import { sensorOptions } from '../config/build-options.ts';
import { checkContradictions } from '../config/contradictions.ts';
import { resolveSettings } from '../config/layers.ts';
import { nearest } from '../config/nearest.ts';
import { checkRules, type ResolvedRule } from '../detect/rule-settings.ts';
import { RULES } from '../detect/rules.ts';
import { SensorError } from '../errors.ts';
import type { CommandContext } from './command.ts';
import { checkDetectOptions } from './detect-check.ts';
import { failureLines } from './failure.ts';
import { checkUnknown, configFlag } from './flag-layer.ts';
import type { Io } from './io.ts';
import { ruleJson, ruleTable, ruleText } from './rule-list.ts';

const KNOWN = ['json', 'config', 'word', 'help', 'h', 'version', 'V'];
const CHECK = 'check';

/** What `weir rules` takes as its argument. */
export const RULE_WORDS: readonly string[] = [CHECK, ...RULES.map(({ kind }) => kind)];

interface Configured {
  path: string | null;
  /** `detect.enabled`. */
  looking: boolean;
  rules: readonly ResolvedRule[];
  /** Everything that is wrong with rules; then whatever else is wrong with detection. */
  problems: readonly SensorError[];
}

/** Throws for a configuration that cannot be read at all. */
function readRules(parsed: CommandContext['parsed'], io: Io): Configured {
  const resolved = resolveSettings({
    flags: new Map(),
    configFlag: configFlag(parsed),
    environment: io.environment,
    directory: io.directory,
  });
  checkContradictions('capture', resolved, []);
  const options = sensorOptions('capture', resolved.values, resolved.tables);
  const { resolved: rules, problems } = checkRules(RULES, options.detect);
  const configured = { path: resolved.configPath, looking: options.detect.enabled, rules, problems };
  if (problems.length > 0) return configured;
  try {
    checkDetectOptions(resolved, options);
    return configured;
  } catch (error) {
    if (!(error instanceof SensorError)) throw error;
    return { ...configured, problems: [error] };
  }
}

function check({ path, looking, rules, problems }: Configured, io: Io): number {
  if (problems.length > 0) {
    io.stderr.write(`${problems.flatMap(failureLines).join('\n')}\n`);
    return problems[0].exitCode;
  }
  const enabled = rules.filter((rule) => rule.enabled).length;
  const changed = rules.flatMap(({ origins }) => Object.values(origins)).filter((origin) => origin !== 'default').length;
  const settings = changed === 1 ? '1 setting is' : `${changed} settings are`;
  const off = looking ? '' : '; detection is off';
  io.stdout.write(`${path ?? 'no configuration file'}: ${enabled} of ${rules.length} rules are on, ${settings} not the default${off}\n`);
  return 0;
}

function one(word: string, rules: readonly ResolvedRule[]): ResolvedRule {
  const found = rules.find(({ rule }) => rule.kind === word);
  if (found !== undefined) return found;
  const near = nearest(word, RULE_WORDS)[0];
  throw new SensorError('USAGE', `there is no rule ${JSON.stringify(word)}`, {
    hint: near === undefined ? 'weir rules lists all rules' : `did you mean weir rules ${near}?`,
  });
}

function list(word: string | undefined, { rules, problems }: Configured, io: Io, json: boolean): number {
  const shown = word === undefined ? rules : [one(word, rules)];
  if (problems.length > 0) throw problems[0];
  const text = json ? JSON.stringify(shown.map(ruleJson), null, 2) : word === undefined ? ruleTable(shown) : ruleText(shown[0]);
  io.stdout.write(`${text}\n`);
  return 0;
}

/** Resolves with the exit code. */
export function runRules({ parsed, io }: CommandContext): number {
  checkUnknown(
    parsed,
    new Set(KNOWN),
    'rules',
    KNOWN.filter((name) => name.length > 1 && name !== 'word'),
  );
  const [, extra] = Array.isArray(parsed._) ? parsed._.map(String) : [];
  if (extra !== undefined) throw new SensorError('USAGE', `weir rules takes one argument, but ${JSON.stringify(extra)} is given as well`);
  const word = typeof parsed.word === 'string' ? parsed.word : undefined;
  const configured = readRules(parsed, io);
  return word === CHECK ? check(configured, io) : list(word, configured, io, parsed.json === true);
}
