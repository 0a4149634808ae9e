/** What the commands that run a sensor share before they run it: flags, configuration, log. */
import { type ScreenOptions, screenOptions, sensorOptions } from '../config/build-options.ts';
import { checkContradictions, originCounts } from '../config/contradictions.ts';
import { unknownVariables } from '../config/environment.ts';
import { resolveSettings } from '../config/layers.ts';
import type { SensorOptions } from '../config/options.ts';
import type { Resolved } from '../config/origin.ts';
import { printConfig } from '../config/print-config.ts';
import { type ServiceOptions, serviceOptions } from '../config/service-options.ts';
import type { CommandName } from '../config/setting.ts';
import { createLog, type Log } from '../telemetry/logger.ts';
import { version } from '../version.ts';
import { checkNoArguments, checkUnknown, configFlag, flagLayer, knownNames, type ParsedArgs } from './flag-layer.ts';
import type { Io } from './io.ts';
import { longFlags } from './yargs-options.ts';

/** Everything that a run needs. */
export interface Session {
  command: CommandName;
  options: SensorOptions;
  screen: ScreenOptions;
  /** Of `weir serve`. */
  service: ServiceOptions;
  /** Every setting with where it came from. */
  resolved: Resolved;
  log: Log;
}

/** Nothing was said of detection, so there is nothing to check; the rules need not even be loaded. */
function isPlain(detect: SensorOptions['detect'], origins: Resolved['origins']): boolean {
  const { enabled, rules, allow, suppress, networks, places, ruleFiles } = detect;
  const said = [Object.keys(rules), allow, suppress, ...(enabled ? [Object.keys(networks), Object.keys(places), ruleFiles] : [])];
  return said.every(({ length }) => length === 0) && origins['detect.internal_networks'].kind === 'default';
}

function filesRead(command: CommandName, { values }: Resolved): readonly string[] {
  if (command === 'capture') return [];
  return command === 'replay' ? values['replay.files'] : values['serve.replay'];
}

/** Reads all layers; null when `--print-config` was asked for and has been answered. Throws USAGE and CONFIG. */
export async function openSession(command: CommandName, parsed: ParsedArgs, args: readonly string[], io: Io): Promise<Session | null> {
  checkUnknown(parsed, knownNames(command), command, longFlags(command));
  if (command !== 'replay') checkNoArguments(parsed, command);
  const files = command === 'replay' && Array.isArray(parsed._) ? parsed._.slice(1).map(String) : [];
  const resolved = resolveSettings({
    flags: flagLayer(command, parsed, args, files),
    configFlag: configFlag(parsed),
    environment: io.environment,
    directory: io.directory,
    withLines: parsed['print-config'] === true,
  });
  checkContradictions(command, resolved, filesRead(command, resolved));
  const options = sensorOptions(command, resolved.values, resolved.tables);
  if (!isPlain(options.detect, resolved.origins)) (await import('./detect-check.ts')).checkDetectOptions(resolved, options);
  if (parsed['print-config'] === true) {
    io.stdout.write(printConfig(resolved, `weir ${version()} configuration`));
    return null;
  }
  const { values } = resolved;
  const log = createLog({ verbosity: values['log.verbose'], json: values['log.json'], file: values['log.file'], stderr: io.stderr });
  for (const unknown of unknownVariables(io.environment)) {
    const guess = unknown.nearest === null ? '' : `; did you mean ${unknown.nearest}?`;
    log.logger.warn({ variable: unknown.name }, `environment variable ${unknown.name} means nothing to weir${guess}`);
  }
  log.logger.info({ config: resolved.configPath, settings: originCounts(resolved) }, 'configuration read');
  return { command, options, screen: screenOptions(command, values), service: serviceOptions(values), resolved, log };
}
