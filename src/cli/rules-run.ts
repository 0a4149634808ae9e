/** What `weir rules` does. Loaded when it is asked for, as the rules come with the public suffix list. */
import { sensorOptions } from '../config/build-options.ts';
import { checkContradictions } from '../config/contradictions.ts';
import { resolveSettings } from '../config/layers.ts';
import { nearest } from '../config/nearest.ts';
import type { DetectOptions } from '../config/options.ts';
import type { ResolvedRule } from '../detect/rule-settings.ts';
import { RULES } from '../detect/rules.ts';
import { SensorError } from '../errors.ts';
import { listRules } from '../sensor-rules.ts';
import type { CommandContext } from './command.ts';
import { checkDetectOptions } from './detect-check.ts';
import { failureLines } from './failure.ts';
import { checkUnknown, configFlag, flagLayer } from './flag-layer.ts';
import type { Io } from './io.ts';
import { ruleJson, ruleTable, ruleText } from './rule-list.ts';

const FLAGS = ['json', 'config', 'rules'];
const KNOWN = new Set([...FLAGS, 'word', 'help', 'h', 'version', 'V']);
const CHECK = 'check';

/** What `weir rules` takes as its argument. */
export const RULE_WORDS: readonly string[] = [CHECK, ...RULES.map(({ kind }) => kind)];

interface Configured {
  path: string | null;
  detect: DetectOptions;
  rules: readonly ResolvedRule[];
  /** Everything that is wrong with rules; then whatever else is wrong with detection. */
  problems: readonly SensorError[];
  /** Rules of one's own that cannot be used: a run goes on without them. */
  unusable: readonly SensorError[];
}

/** Throws for a configuration that cannot be read at all. */
async function readRules({ parsed, args, io }: CommandContext): Promise<Configured> {
  const resolved = resolveSettings({
    flags: flagLayer('capture', parsed, args, []),
    configFlag: configFlag(parsed),
    environment: io.environment,
    directory: io.directory,
  });
  checkContradictions('capture', resolved, []);
  const options = sensorOptions('capture', resolved.values, resolved.tables);
  const { rules, unknown, problems, unusable } = await listRules(options.detect);
  const isWhole = unusable.length === 0;
  const configured: Configured = {
    path: resolved.configPath,
    detect: options.detect,
    rules,
    problems: isWhole ? [...unknown, ...problems] : problems,
    unusable: isWhole ? [] : [...unusable, ...unknown],
  };
  if (configured.problems.length > 0) return configured;
  try {
    checkDetectOptions(resolved, options, isWhole ? rules.slice(RULES.length).map(({ rule }) => rule) : undefined);
    return configured;
  } catch (error) {
    if (!(error instanceof SensorError)) throw error;
    return { ...configured, problems: [error] };
  }
}

function check({ path, detect, rules, problems, unusable }: Configured, io: Io): number {
  const wrong = [...unusable, ...problems];
  if (wrong.length > 0) {
    io.stderr.write(`${wrong.flatMap(failureLines).join('\n')}\n`);
    return wrong[0].exitCode;
  }
  const enabled = rules.filter((rule) => rule.enabled).length;
  const tables = [detect.rules, ...Object.values(detect.networks)].flatMap((ofRules) => Object.values(ofRules));
  const given = tables.reduce((sum, table) => sum + Object.keys(table).length, 0);
  const settings = given === 1 ? '1 setting is' : `${given} settings are`;
  const off = detect.enabled ? '' : '; detection is off';
  io.stdout.write(`${path ?? 'no configuration file'}: ${enabled} of ${rules.length} rules are on, ${settings} not the default${off}\n`);
  return 0;
}

function one(word: string, rules: readonly ResolvedRule[]): ResolvedRule {
  const found = rules.find(({ rule }) => rule.kind === word);
  if (found !== undefined) return found;
  const near = nearest(word, [CHECK, ...rules.map(({ rule }) => rule.kind)])[0];
  throw new SensorError('USAGE', `there is no rule ${JSON.stringify(word)}`, {
    hint: near === undefined ? 'weir rules lists all rules' : `did you mean weir rules ${near}?`,
  });
}

function list(word: string | undefined, { rules, problems, unusable }: Configured, io: Io, json: boolean): number {
  if (unusable.length > 0) io.stderr.write(`${unusable.flatMap(failureLines).join('\n')}\n`);
  const shown = word === undefined ? rules : [one(word, rules)];
  if (problems.length > 0) throw problems[0];
  const text = json ? JSON.stringify(shown.map(ruleJson), null, 2) : word === undefined ? ruleTable(shown) : ruleText(shown[0]);
  io.stdout.write(`${text}\n`);
  return 0;
}

/** Resolves with the exit code. */
export async function runRules(context: CommandContext): Promise<number> {
  const { parsed, io } = context;
  checkUnknown(parsed, KNOWN, 'rules', FLAGS);
  const [, extra] = Array.isArray(parsed._) ? parsed._.map(String) : [];
  if (extra !== undefined) throw new SensorError('USAGE', `weir rules takes one argument, but ${JSON.stringify(extra)} is given as well`);
  const word = typeof parsed.word === 'string' ? parsed.word : undefined;
  const configured = await readRules(context);
  return word === CHECK ? check(configured, io) : list(word, configured, io, parsed.json === true);
}
