/** What the program hands to a command, and how a command that runs a sensor is run. */
import type { CommandName } from '../config/setting.ts';
import type { ParsedArgs } from './flag-layer.ts';
import type { Io } from './io.ts';
import { type RunActions, runSensor } from './run.ts';
import { openSession, type Session } from './session.ts';

export interface CommandContext {
  parsed: ParsedArgs;
  /** Arguments as typed. */
  args: readonly string[];
  io: Io;
  actions: RunActions;
  /** All commands, for completion. */
  catalogue: readonly { name: string; summary: string }[];
}

export interface CommandSteps {
  /** May refuse the session before anything is started. */
  check?(session: Session): void;
  /** May say more about what failed to start. */
  explain?(error: unknown, session: Session): unknown;
}

/** Resolves with the exit code; rejects with a SensorError when nothing could be started. */
export async function runCommand(command: CommandName, context: CommandContext, steps: CommandSteps = {}): Promise<number> {
  const session = await openSession(command, context.parsed, context.args, context.io);
  if (session === null) return 0;
  try {
    steps.check?.(session);
    return await runSensor(session, context.io, context.actions);
  } catch (error) {
    throw steps.explain?.(error, session) ?? error;
  } finally {
    session.log.close();
  }
}
