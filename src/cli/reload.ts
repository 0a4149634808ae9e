/**
 * SIGHUP: the configuration is read again. What can change while packets flow changes; a wrong one changes nothing. A terminal
 * that closes sends the same signal; a service that was started on it ends then, as nobody is left who could press Ctrl-C.
 */
import { isatty } from 'node:tty';
import type { Service } from '../service/service.ts';
import type { CommandContext } from './command.ts';
import { failureLines } from './failure.ts';
import { openSession, type Session } from './session.ts';

/** What a new configuration may say differently and only a new start can follow. */
function needsRestart(before: Session, after: Session): string[] {
  const changed = (Object.keys(before.resolved.values) as (keyof typeof before.resolved.values)[]).filter(
    (key) => JSON.stringify(before.resolved.values[key]) !== JSON.stringify(after.resolved.values[key]),
  );
  return changed.filter((key) => key !== 'capture.filter' && !key.startsWith('detect.'));
}

/** All of it or nothing. */
async function apply({ sensor }: Service, { filter, detect }: Session['options']): Promise<void> {
  const former = sensor.options.filter;
  if (filter !== former) sensor.setFilter(filter);
  try {
    const { evidenceDir } = sensor.options.detect;
    await sensor.setDetection({ ...detect, evidenceDir, enabled: true });
  } catch (error) {
    if (filter !== former) sensor.setFilter(former);
    throw error;
  }
}

async function reload(service: Service, session: Session, context: CommandContext): Promise<void> {
  const { logger } = session.log;
  const next = await openSession('serve', context.parsed, context.args, context.io);
  if (next === null) return;
  next.log.close();
  await apply(service, next.options);
  const waiting = needsRestart(session, next);
  session.resolved.values = next.resolved.values;
  session.resolved.origins = next.resolved.origins;
  session.options.detect = next.options.detect;
  logger.warn({ config: next.resolved.configPath }, 'configuration read again');
  if (waiting.length > 0) logger.warn({ settings: waiting.join(',') }, 'these need a new start to change');
}

function hasLostItsTerminal({ stdout }: CommandContext['io']): boolean {
  return stdout.isTTY === true && stdout.fd !== undefined && !isatty(stdout.fd);
}

/** Listens until the returned function is called; `stop` when the terminal has gone. */
export function onReload(service: Service, session: Session, context: CommandContext, stop: () => void): () => void {
  let last: Promise<void> = Promise.resolve();
  const listener = (): void => {
    if (hasLostItsTerminal(context.io)) {
      stop();
      return;
    }
    // One after the other: the second signal may mean a file that was written meanwhile.
    last = last.then(() =>
      reload(service, session, context).catch((error: unknown) => {
        context.io.stderr.write(`${failureLines(error).join('\n')}\n  the configuration in force stays\n`);
      }),
    );
  };
  context.actions.signals.on('SIGHUP', listener);
  return () => void context.actions.signals.off('SIGHUP', listener);
}
