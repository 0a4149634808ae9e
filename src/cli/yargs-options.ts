/** From the table of settings to what yargs is told about a command's flags. */
import type { Argv, Options } from 'yargs';
import { describeSetting } from '../config/describe.ts';
import { type CommandName, SECTIONS, type Setting } from '../config/setting.ts';
import { flagsOf, settingsOf } from '../config/settings.ts';

/** Flags that are no settings. */
export const RUN_FLAGS = {
  config: {
    requiresArg: true,
    nargs: 1,
    group: 'Running:',
    describe:
      'Configuration file; without it ./weir.toml, ./etc/weir/weir.toml, /usr/local/etc/weir/weir.toml, /etc/weir/weir.toml; "" = none [FILE]',
  },
  'print-config': { type: 'boolean', group: 'Running:', describe: 'Print the settings in force, with where each came from, and stop' },
} as const satisfies Record<string, Options>;

/**
 * Values arrive as text and are checked by the table, so that every layer has the same messages. They get no type of
 * yargs: it would name that type in the help, where the table names what the value is.
 */
function valueOptions(setting: Setting): Options {
  if (setting.type === 'count') return { type: 'count' };
  return { requiresArg: true, nargs: 1 };
}

/** Of a switch the form is shown that changes something; `-p` stays visible although it is the default. */
function addSwitch(yargs: Argv, setting: Setting & { type: 'switch' }): void {
  const alias = [...(setting.short === undefined ? [] : [setting.short]), ...(setting.flagAliases ?? [])];
  const group = `${setting.section}:`;
  const describe = describeSetting(setting);
  const positive = setting.default !== true || setting.short !== undefined;
  yargs.option(setting.flag, { type: 'boolean', alias, group, describe, hidden: !positive });
  const aliases = (setting.flagAliases ?? []).map((name) => `no-${name}`);
  const opposite = setting.helpOff ?? `The opposite of --${setting.flag}`;
  yargs.option(`no-${setting.flag}`, { type: 'boolean', alias: aliases, group, describe: opposite, hidden: setting.default !== true });
}

/** Adds the flags of a command, by section in the table's order. */
export function addSettings(yargs: Argv, command: CommandName): Argv {
  const settings = settingsOf(command);
  for (const section of SECTIONS) {
    for (const setting of settings.filter((candidate) => candidate.section === section && candidate.flag !== undefined)) {
      if (setting.type === 'switch') {
        addSwitch(yargs, setting);
        continue;
      }
      const alias = [...(setting.short === undefined ? [] : [setting.short]), ...(setting.flagAliases ?? [])];
      yargs.option(setting.flag as string, { ...valueOptions(setting), alias, group: `${section}:`, describe: describeSetting(setting) });
    }
  }
  return yargs.options(RUN_FLAGS);
}

/** Long flags of a command that take a value; for splitting `-ieth0`. */
export function valuedShorts(command: CommandName): Set<string> {
  const valued = settingsOf(command).filter((setting) => setting.type !== 'switch' && setting.type !== 'count');
  return new Set(valued.flatMap((setting) => (setting.short === undefined ? [] : [setting.short])));
}

/** Every long flag of a command, for suggestions and completion. */
export function longFlags(command: CommandName): string[] {
  return [...settingsOf(command).flatMap(flagsOf), ...Object.keys(RUN_FLAGS), 'help', 'version'];
}
