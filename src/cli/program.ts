/** The command line: finds the command, hands it its arguments, and tells what failed. */
import yargs, { type Argv } from 'yargs';
import { nearest } from '../config/nearest.ts';
import { ERROR_CODES, SensorError } from '../errors.ts';
import { Sensor } from '../sensor.ts';
import { version } from '../version.ts';
import { splitShortValues } from './argv.ts';
import { listInterfaces } from './commands/interfaces.ts';
import { COMMANDS } from './commands.ts';
import { exitCodeOf, failureLines } from './failure.ts';
import { checkUnknown, type ParsedArgs } from './flag-layer.ts';
import { type Io, processIo } from './io.ts';
import type { RunActions } from './run.ts';
import { valuedShorts } from './yargs-options.ts';

/** Help is no wider than this, also on wide terminals, and this wide where there is none. */
const HELP_WIDTH = 110;
const HELP_WIDTH_ELSEWHERE = 100;
/** How long the process may take to end by itself when everything is done. */
const EXIT_GRACE_MS = 2000;

const EPILOGUE = 'Every switch --x has its opposite --no-x. An output path of - is standard output, "" switches an output off.';
const LIST_FLAGS = ['list', 'list-interfaces', 'l'];

function baseParser(io: Io): Argv {
  const columns = io.stdout.columns;
  return yargs([])
    .scriptName('weir')
    .locale('en')
    .updateStrings({ boolean: 'switch', count: 'repeatable' })
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'strip-aliased': true,
      'strip-dashed': false,
    })
    .exitProcess(false)
    .fail(false)
    .help('help')
    .alias('help', 'h')
    .version(version())
    .alias('version', 'V')
    .wrap(columns === undefined ? HELP_WIDTH_ELSEWHERE : Math.min(columns, HELP_WIDTH));
}

/** Without a command: `--list` and its likes, else a mistake. */
async function withoutCommand(parsed: ParsedArgs, io: Io, help: () => Promise<string>): Promise<number> {
  const words = Array.isArray(parsed._) ? parsed._.map(String) : [];
  const names = COMMANDS.map((command) => command.name);
  if (words.length > 0) {
    const found = nearest(words[0], names)[0];
    throw new SensorError('USAGE', `unknown command ${JSON.stringify(words[0])}`, {
      hint: found === undefined ? `commands: ${names.join(', ')}` : `did you mean weir ${found}?`,
    });
  }
  if (LIST_FLAGS.some((flag) => parsed[flag] === true)) {
    checkUnknown(parsed, new Set([...LIST_FLAGS, 'json', 'help', 'version']), '', ['list', 'list-interfaces', 'json']);
    return listInterfaces(io, { json: parsed.json === true });
  }
  checkUnknown(parsed, new Set([...LIST_FLAGS, 'json', 'help', 'h', 'version', 'V']), '', ['help', 'version', 'list', 'list-interfaces']);
  io.stderr.write(`${await help()}\n`);
  return 2;
}

/** yargs' own complaints (a flag without its value, mostly) as ours. */
function asUsageError(error: unknown): unknown {
  if (error instanceof SensorError || !(error instanceof Error) || error.name !== 'YError') return error;
  const missing = /^Not enough arguments following: (.+)$/.exec(error.message);
  if (missing === null) return new SensorError('USAGE', error.message);
  return new SensorError('USAGE', `${missing[1].length === 1 ? '-' : '--'}${missing[1]} needs a value`);
}

async function dispatch(args: readonly string[], io: Io, actions: RunActions): Promise<number> {
  const name = args.find((argument) => COMMANDS.some((command) => command.name === argument));
  const ready = name === 'capture' || name === 'replay' || name === 'serve' ? splitShortValues(args, valuedShorts(name)) : [...args];
  let code: Promise<number> | number = 0;
  const parser = baseParser(io).usage('$0 <command> [options]').epilogue(EPILOGUE);
  for (const command of COMMANDS) {
    const start = (parsed: ParsedArgs): void => {
      code = command.run({ parsed, args: ready, io, actions, catalogue: COMMANDS });
    };
    parser.command(command.usage, command.summary, (inner) => command.build(inner).epilogue(EPILOGUE), start);
  }
  for (const flag of LIST_FLAGS) parser.option(flag, { type: 'boolean', hidden: true });
  parser.command(
    '$0',
    false,
    (inner) => inner,
    (parsed: ParsedArgs) => {
      code = withoutCommand(parsed, io, () => parser.getHelp());
    },
  );
  let output = '';
  await parser.parseAsync(ready, {}, (_error: unknown, _parsed: unknown, text: string) => {
    output = text;
  });
  if (output !== '') io.stdout.write(`${output}\n`);
  return code;
}

/** Runs one command line; resolves with its exit code and never rejects. */
export async function run(args: readonly string[], io: Io, actions: RunActions): Promise<number> {
  try {
    return await dispatch(args, io, actions);
  } catch (thrown) {
    const error = asUsageError(thrown);
    io.stderr.write(`${failureLines(error).join('\n')}\n`);
    return exitCodeOf(error);
  }
}

/** Failures of the process's own streams. A closed pipe is no failure, and of a failed stderr there is nobody to tell. */
function watchStreams(): void {
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    process.exitCode = ERROR_CODES.OUTPUT;
    process.stderr.write(`weir: standard output: ${error.message}\n`);
  });
}

/** The process's own command line. */
export async function main(): Promise<void> {
  const actions: RunActions = {
    createSensor: (options) => new Sensor(options),
    signals: process,
    exitNow: (code) => process.exit(code),
  };
  watchStreams();
  const code = await run(process.argv.slice(2), processIo(), actions);
  if (code !== 0) process.exitCode = code;
  // Everything has been exported and flushed: whatever still holds the event loop must not hold the caller.
  setTimeout(() => process.exit(), EXIT_GRACE_MS).unref();
}
