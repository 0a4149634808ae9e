/** `weir doctor`: is everything there that a capture needs, and what to do where it is not. */
import type { Argv } from 'yargs';
import { sensorOptions } from '../../config/build-options.ts';
import { resolveSettings } from '../../config/layers.ts';
import type { CommandContext } from '../command.ts';
import { diagnose } from '../doctor/diagnose.ts';
import { renderFindings } from '../doctor/render.ts';
import { checkNoArguments, checkUnknown, configFlag } from '../flag-layer.ts';
import { wantsColor } from '../io.ts';

const KNOWN = ['json', 'config', 'interface', 'i', 'help', 'h', 'version', 'V'];

export const doctor = {
  name: 'doctor',
  usage: 'doctor',
  summary: 'Check runtime, privileges, interfaces and outputs',
  build: (yargs: Argv): Argv =>
    yargs
      .option('json', { type: 'boolean', describe: 'Findings as JSON' })
      .option('config', { requiresArg: true, nargs: 1, describe: 'Configuration file whose outputs and interfaces are checked [FILE]' })
      .option('interface', { alias: 'i', requiresArg: true, nargs: 1, describe: 'Check this interface, repeatable [NAME]' })
      .example('$0 doctor', 'what is there, what is missing, and the command that fixes it')
      .example('$0 doctor --config /etc/weir/weir.toml', 'also a sample line to each output of a configuration'),
  run: async ({ parsed, io }: CommandContext): Promise<number> => {
    checkNoArguments(parsed, 'doctor');
    checkUnknown(
      parsed,
      new Set(KNOWN),
      'doctor',
      KNOWN.filter((name) => name.length > 1),
    );
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
