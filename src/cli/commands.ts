/** The commands in the order in which help lists them. */
import type { Argv } from 'yargs';
import type { CommandContext } from './command.ts';
import { capture } from './commands/capture.ts';
import { completion } from './commands/completion.ts';
import { doctor } from './commands/doctor.ts';
import { explain } from './commands/explain.ts';
import { interfaces } from './commands/interfaces.ts';
import { protocols } from './commands/protocols.ts';
import { replay } from './commands/replay.ts';
import { rules } from './commands/rules.ts';

export interface Command {
  name: string;
  /** As yargs wants it, with positional arguments. */
  usage: string;
  summary: string;
  build(yargs: Argv): Argv;
  /** Resolves with the exit code. */
  run(context: CommandContext): Promise<number>;
}

export const COMMANDS: readonly Command[] = [replay, capture, interfaces, protocols, rules, explain, doctor, completion];
