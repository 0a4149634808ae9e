/** What single values cannot show: settings that exclude, need or overwrite each other. */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { SensorError } from '../errors.ts';
import { describeOrigin, nameOf, PRECEDENCE, type Resolved } from './origin.ts';
import type { CommandName } from './setting.ts';
import { SETTINGS, type SettingKey } from './settings.ts';

/** Something set by a flag is a usage error; by file or environment a configuration error. Both exit with 2. */
function fail(resolved: Resolved, keys: SettingKey[], message: string, hint?: string): never {
  const code = keys.some((key) => resolved.origins[key].kind === 'flag') ? 'USAGE' : 'CONFIG';
  throw new SensorError(code, message, hint === undefined ? { detail: { keys } } : { detail: { keys }, hint });
}

function name(resolved: Resolved, key: SettingKey): string {
  return nameOf(key, SETTINGS.find((setting) => setting.key === key)?.flag, resolved.origins[key]);
}

/** Rotation needs both its settings, a file, and not a pipe. */
function checkRotation(resolved: Resolved): void {
  const { values, origins } = resolved;
  const size: SettingKey = 'output.write_pcap_rotate_mb';
  const files: SettingKey = 'output.write_pcap_max_files';
  const hasSize = values[size] > 0;
  const hasFiles = values[files] > 0;
  if (hasSize !== hasFiles) {
    const [given, missing] = hasSize ? [size, '--write-pcap-max-files'] : [files, '--write-pcap-rotate-mb'];
    fail(resolved, [size, files], `${name(resolved, given)} needs ${missing}`, `give both, or neither`);
  }
  if (!hasSize) return;
  if (values['output.write_pcap'] === '-') fail(resolved, [size], `${name(resolved, size)}: standard output cannot be rotated`);
  if (values['output.write_pcap'] === null && origins[size].kind === 'flag')
    fail(resolved, [size], `${name(resolved, size)} needs --write-pcap`);
}

/** One name for each file, whatever links lead to it; of a file that does not exist yet, the place where it will be. */
function placeOf(path: string): string {
  const full = resolve(path);
  for (const [known, rest] of [
    [full, ''],
    [dirname(full), basename(full)],
  ]) {
    try {
      return join(realpathSync(known), rest);
    } catch {
      // Not there: the folder may be.
    }
  }
  return full;
}

/** No two outputs into one file, at most one on standard output, none over a file that is read. */
function checkOutputs(resolved: Resolved, inputs: readonly string[]): void {
  const taken = new Map<string, SettingKey>();
  const sources = new Set(inputs.filter((input) => input !== '-').map(placeOf));
  for (const setting of SETTINGS) {
    const path = setting.type === 'path' ? (resolved.values[setting.key] as string | null) : null;
    if (path === null) continue;
    const place = path === '-' ? '-' : placeOf(path);
    if (place.startsWith('/dev/') && place !== '/dev/stdout') continue;
    const other = taken.get(place);
    if (other !== undefined) {
      const where = path === '-' ? 'standard output' : path;
      fail(resolved, [setting.key, other], `${name(resolved, other)} and ${name(resolved, setting.key)} both write to ${where}`);
    }
    if (sources.has(place)) fail(resolved, [setting.key], `${name(resolved, setting.key)} would overwrite ${path}, which is replayed`);
    taken.set(place, setting.key);
  }
}

/** `--quiet` against what it silences: the higher layer wins; in one layer they contradict each other. */
function settleQuiet(resolved: Resolved): void {
  const { values, origins } = resolved;
  for (const key of ['screen.packets', 'screen.hex_dump'] as const) {
    if (!values['screen.quiet'] || !values[key]) continue;
    const quiet = PRECEDENCE[origins['screen.quiet'].kind];
    const other = PRECEDENCE[origins[key].kind];
    if (quiet === other)
      fail(resolved, ['screen.quiet', key], `${name(resolved, 'screen.quiet')} and ${name(resolved, key)} contradict each other`);
    if (quiet > other) values[key] = false;
    else values['screen.quiet'] = false;
  }
}

/** What the application layer writes needs the application layer. */
function checkApplication(resolved: Resolved): void {
  if (resolved.values['app.dpi'] !== 'off') return;
  for (const key of ['output.dns_jsonl', 'output.tls_jsonl', 'output.http_jsonl', 'output.events_jsonl'] as const) {
    if (resolved.values[key] !== null)
      fail(resolved, ['app.dpi', key], `${name(resolved, key)} needs the application layer`, `leave out ${name(resolved, 'app.dpi')} off`);
  }
}

const DETECTION_OUTPUTS = ['output.alerts_jsonl', 'output.behaviour_jsonl', 'detect.evidence_dir'] as const;

/** A service, what detection writes, and rules of one's own ask for detection; against a plain no they contradict it. */
function settleDetection(command: CommandName, resolved: Resolved): void {
  const { values, origins } = resolved;
  const writes = DETECTION_OUTPUTS.some((key) => values[key] !== null);
  const asked = command === 'serve' || writes || values['detect.rule_files'].length > 0;
  if (asked && origins['detect.enabled'].kind === 'default') values['detect.enabled'] = true;
  if (values['detect.enabled']) return;
  for (const key of DETECTION_OUTPUTS) {
    if (values[key] === null) continue;
    fail(resolved, ['detect.enabled', key], `${name(resolved, key)} needs detection`, `leave out ${name(resolved, 'detect.enabled')}`);
  }
}

/** A service reads an interface or files, and has both halves of a certificate or none. */
function checkService(resolved: Resolved): void {
  const { values } = resolved;
  const replayed = values['serve.replay'];
  if (replayed.length > 0 && values['capture.interfaces'].length > 0) {
    const keys: SettingKey[] = ['serve.replay', 'capture.interfaces'];
    fail(resolved, keys, `${name(resolved, keys[0])} and ${name(resolved, keys[1])} contradict each other`, 'give one of them');
  }
  if (replayed.length > 0 && values['capture.processes']) {
    const keys: SettingKey[] = ['capture.processes', 'serve.replay'];
    fail(resolved, keys, `${name(resolved, keys[0])} needs a live capture: packets in files say nothing of processes`);
  }
  for (const [given, missing] of [
    ['serve.tls_cert', 'serve.tls_key'],
    ['serve.tls_key', 'serve.tls_cert'],
  ] as const) {
    if (values[given] !== '' && values[missing] === '')
      fail(resolved, [given], `${name(resolved, given)} needs ${name(resolved, missing)}`);
  }
}

/** Throws USAGE or CONFIG; settles what the precedence decides, in place. `inputs` are the files to replay. */
export function checkContradictions(command: CommandName, resolved: Resolved, inputs: readonly string[]): void {
  const { values } = resolved;
  settleQuiet(resolved);
  checkRotation(resolved);
  checkApplication(resolved);
  settleDetection(command, resolved);
  if (command === 'serve') checkService(resolved);
  checkOutputs(resolved, inputs);
  if (command !== 'replay') {
    const names = values['capture.interfaces'];
    const twice = names.find((item, index) => names.indexOf(item) !== index);
    if (twice !== undefined)
      fail(resolved, ['capture.interfaces'], `interface ${twice} is given twice`, 'to share its packets among threads use --fanout');
  }
  if (inputs.filter((input) => input === '-').length > 1) fail(resolved, ['replay.files'], 'standard input (-) is given twice');
  if (inputs.includes('-') && values['replay.loop'] !== 1) {
    fail(resolved, ['replay.loop', 'replay.files'], `${name(resolved, 'replay.loop')}: standard input can be read only once`);
  }
}

/** For logs: which layers decided something, without values. */
export function originCounts(resolved: Resolved): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const origin of Object.values(resolved.origins)) {
    const label = origin.kind === 'file' ? describeOrigin({ ...origin, line: null }) : origin.kind;
    counts[label] = (counts[label] ?? 0) + 1;
  }
  return counts;
}
