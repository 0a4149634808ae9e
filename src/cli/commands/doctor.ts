/** `weir doctor`: is everything there that a capture needs, and what to do where it is not. */
import type { Argv } from 'yargs';
import { sensorOptions } from '../../config/build-options.ts';
import { resolveSettings } from '../../config/layers.ts';
import { SensorError } from '../../errors.ts';
import type { CommandContext } from '../command.ts';
import { diagnose } from '../doctor/diagnose.ts';
import { renderFindings } from '../doctor/render.ts';
import { checkNoArguments, checkUnknown, configFlag } from '../flag-layer.ts';
import { wantsColor } from '../io.ts';

/** Settings of the capture that remedies change: to see whether they help. */
export const WATCH_FLAGS = ['buffer-mb', 'fanout', 'shards', 'max-flows', 'filter', 'dpi'] as const;
const value = { requiresArg: true, nargs: 1 } as const;

const KNOWN = ['json', 'config', 'interface', 'i', 'help', 'h', 'version', 'V'];
const WATCH_KNOWN = ['watch', 'seconds', ...WATCH_FLAGS];

/** Flags that only mean something while watching. */
function checkWatchFlags(parsed: CommandContext['parsed']): void {
  const given = ['seconds', ...WATCH_FLAGS].find((name) => parsed[name] !== undefined);
  if (given !== undefined) throw new SensorError('USAGE', `--${given} goes with --watch`, { hint: `weir doctor --watch --${given} …` });
}

export const doctor = {
  name: 'doctor',
  usage: 'doctor',
  summary: 'Check runtime, privileges, interfaces and outputs',
  build: (yargs: Argv): Argv =>
    yargs
      .option('json', { type: 'boolean', describe: 'Findings as JSON' })
      .option('config', { requiresArg: true, nargs: 1, describe: 'Configuration file whose outputs and interfaces are checked [FILE]' })
      .option('interface', { alias: 'i', requiresArg: true, nargs: 1, describe: 'Check this interface, repeatable [NAME]' })
      .option('watch', { type: 'boolean', describe: 'Capture for a while, write nothing, and say which stage loses packets' })
      .option('seconds', { ...value, describe: 'With --watch: how long; 10 where nothing is said [N]' })
      .option('buffer-mb', { ...value, describe: 'With --watch: as of weir capture [N]' })
      .option('fanout', { ...value, describe: 'With --watch: as of weir capture [N]' })
      .option('shards', { ...value, describe: 'With --watch: as of weir capture [N]' })
      .option('max-flows', { ...value, describe: 'With --watch: as of weir capture [N]' })
      .option('filter', { ...value, alias: 'f', describe: 'With --watch: as of weir capture [BPF]' })
      .option('dpi', { ...value, describe: 'With --watch: as of weir capture [WHO]' })
      .example('$0 doctor', 'what is there, what is missing, and the command that fixes it')
      .example('$0 doctor --config /etc/weir/weir.toml', 'also a sample line to each output of a configuration')
      .example('$0 doctor --watch -i eth0 --seconds 30', 'which stage loses packets, and what to do about it'),
  run: async (context: CommandContext): Promise<number> => {
    const { parsed, io } = context;
    checkNoArguments(parsed, 'doctor');
    checkUnknown(
      parsed,
      new Set([...KNOWN, ...WATCH_KNOWN, 'f']),
      'doctor',
      [...KNOWN, ...WATCH_KNOWN].filter((name) => name.length > 1),
    );
    if (parsed.watch === true) return (await import('../doctor/watch.ts')).runWatch(context);
    checkWatchFlags(parsed);
    const named = parsed.interface === undefined ? [] : [parsed.interface].flat().map(String);
    const { checkDetectOptions } = await import('../detect-check.ts');
    const findings = await diagnose(() => {
      const resolved = resolveSettings({
        flags: new Map(),
        configFlag: configFlag(parsed),
        environment: io.environment,
        directory: io.directory,
      });
      const options = sensorOptions('capture', resolved.values, resolved.tables);
      checkDetectOptions(resolved, options);
      return {
        configPath: resolved.configPath,
        options,
        logFile: resolved.values['log.file'],
        interfaces: named.length > 0 ? named : resolved.values['capture.interfaces'],
      };
    });
    io.stdout.write(parsed.json === true ? `${JSON.stringify(findings, null, 2)}\n` : `${renderFindings(findings, wantsColor(io))}\n`);
    return findings.some((finding) => finding.state === 'missing') ? 1 : 0;
  },
} as const;
