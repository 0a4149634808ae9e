/** The commands in the order in which help lists them. */
import type { Argv } from 'yargs';
import type { CommandContext } from './command.ts';
import { alerts } from './commands/alerts.ts';
import { backup } from './commands/backup.ts';
import { capture } from './commands/capture.ts';
import { completion } from './commands/completion.ts';
import { devices } from './commands/devices.ts';
import { doctor } from './commands/doctor.ts';
import { explain } from './commands/explain.ts';
import { flows } from './commands/flows.ts';
import { interfaces } from './commands/interfaces.ts';
import { protocols } from './commands/protocols.ts';
import { prune } from './commands/prune.ts';
import { replay } from './commands/replay.ts';
import { rules } from './commands/rules.ts';
import { serve } from './commands/serve.ts';
import { stats } from './commands/stats.ts';
import { token } from './commands/token.ts';

export interface Command {
  name: string;
  /** As yargs wants it, with positional arguments. */
  usage: string;
  summary: string;
  build(yargs: Argv): Argv;
  /** Resolves with the exit code. */
  run(context: CommandContext): Promise<number>;
}

export const COMMANDS: readonly Command[] = [
  replay,
  capture,
  serve,
  stats,
  flows,
  devices,
  alerts,
  token,
  backup,
  prune,
  interfaces,
  protocols,
  rules,
  explain,
  doctor,
  completion,
];
