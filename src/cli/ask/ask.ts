/** What `weir stats`, `flows`, `devices` and `alerts` share: ask once, or again and again, and print. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Argv } from 'yargs';
import { SensorError } from '../../errors.ts';
import type { CommandContext } from '../command.ts';
import { checkNoArguments, checkUnknown } from '../flag-layer.ts';
import { wantsColor } from '../io.ts';
import { type Client, createClient } from './client.ts';

/** How a command asks and shows. */
export interface Question<T> {
  ask(client: Client, limit: number): Promise<T>;
  /** For people. */
  table(answer: T, color: boolean): string;
  /** For programs: an object per line. */
  lines(answer: T): unknown[];
}

const WATCH_MS = 2000;
const MOST = 1000;
/** Clears the screen below the cursor's new place at its top. */
const HOME = '\u001B[H\u001B[J';
const OWN = ['json', 'watch', 'url', 'limit'];

/** The flags that all of them have. */
export function askFlags(yargs: Argv, withLimit: boolean): Argv {
  const flags = yargs
    .option('json', { type: 'boolean', describe: 'As JSON, one object per line' })
    .option('watch', { type: 'boolean', describe: 'Ask again every 2 seconds, until Ctrl-C' })
    .option('url', {
      requiresArg: true,
      nargs: 1,
      describe: 'The sensor to ask (WEIR_URL); its token is taken from WEIR_TOKEN [default: http://127.0.0.1:8080]',
    });
  return withLimit
    ? flags.option('limit', { requiresArg: true, nargs: 1, describe: `At most this many, up to ${MOST} [default: 20]` })
    : flags;
}

function limitOf(value: unknown): number {
  if (value === undefined) return 20;
  const limit = Number(value);
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
    throw new SensorError('USAGE', `--limit ${JSON.stringify(value)}: a number from 1 to ${MOST}`);
  return limit;
}

/** Resolves with the exit code. `flags` are those of the command itself. */
export async function runQuestion<T>(
  name: string,
  question: Question<T>,
  context: CommandContext,
  flags: readonly string[],
): Promise<number> {
  const { parsed, io } = context;
  const known = [...OWN, ...flags];
  checkNoArguments(parsed, name);
  checkUnknown(parsed, new Set([...known, 'help', 'h', 'version', 'V']), name, known);
  const client = createClient(typeof parsed.url === 'string' ? parsed.url : null, io);
  const limit = limitOf(parsed.limit);
  const color = wantsColor(io);
  const clears = parsed.watch === true && parsed.json !== true && io.stdout.isTTY === true;
  const reader = { gone: false };
  const leave = (): void => {
    reader.gone = true;
  };
  // The reader of a pipe that went away has seen enough.
  io.stdout.on('error', leave);
  try {
    do {
      const answer = await question.ask(client, limit);
      const text = parsed.json === true ? question.lines(answer).map((line) => JSON.stringify(line)) : [question.table(answer, color)];
      io.stdout.write(`${clears ? HOME : ''}${text.map((line) => `${line}\n`).join('')}`);
      if (parsed.watch === true) await sleep(WATCH_MS);
    } while (parsed.watch === true && !reader.gone);
    return 0;
  } finally {
    io.stdout.off('error', leave);
  }
}
