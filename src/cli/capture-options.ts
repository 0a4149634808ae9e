/** The options that `weir capture` would have with a command line, for commands that judge as it would. */
import { sensorOptions } from '../config/build-options.ts';
import { resolveSettings } from '../config/layers.ts';
import type { SensorOptions } from '../config/options.ts';
import type { CommandContext } from './command.ts';
import { checkDetectOptions } from './detect-check.ts';
import { configFlag, flagLayer } from './flag-layer.ts';

/** @throws SensorError USAGE, CONFIG */
export function captureOptions({ parsed, args, io }: CommandContext): SensorOptions {
  const resolved = resolveSettings({
    flags: flagLayer('capture', parsed, args, []),
    configFlag: configFlag(parsed),
    environment: io.environment,
    directory: io.directory,
  });
  const options = sensorOptions('capture', resolved.values, resolved.tables);
  checkDetectOptions(resolved, options);
  return options;
}
