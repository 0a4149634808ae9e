/** What `weir serve` does. Loaded when it is asked for: the service comes with its database and threads. */

import { loadAddon } from '../native/load.ts';
import { printable } from '../packet/text.ts';
import { Service, type ServiceReport } from '../service/service.ts';
import { alertLine } from './alert-line.ts';
import type { CommandContext } from './command.ts';
import { withNearestInterface, withPermissionAdvice } from './commands/capture.ts';
import { exitCodeOf, failureLines } from './failure.ts';
import { type Io, wantsColor } from './io.ts';
import { notifySupervisor } from './notify.ts';
import { onReload } from './reload.ts';
import { serviceConfig } from './service-config.ts';
import { openSession, type Session } from './session.ts';
import { onStopSignals } from './stop-signals.ts';

function startLine({ inputs, shards, address, wsAddress, dataDir }: ServiceReport, session: Session): string {
  const kept = session.service.dataDir === null ? 'nothing is kept after the end' : `kept in ${dataDir}`;
  const count = shards === 1 ? '1 shard' : `${shards} shards`;
  const socket = wsAddress === null ? '' : `, WebSocket on ${wsAddress}`;
  const verb = session.options.input.kind === 'capture' ? 'capturing on' : 'replaying';
  return `${verb} ${inputs.map(printable).join(', ')}, ${count}; ${kept}\ndashboard and API: ${address}${socket}`;
}

/** Says what happens, one line each, and gathers the exit code. */
function watch(service: Service, session: Session, io: Io): { code: () => number } {
  const { logger } = session.log;
  const color = wantsColor(io);
  let code = 0;
  const fail = (error: unknown): void => {
    code = exitCodeOf(error);
    io.stderr.write(`${failureLines(error).join('\n')}\n`);
  };
  service.on('warning', ({ code: warning, message, detail }) => logger.warn({ code: warning, ...detail }, message));
  service.on('alert', (alert, isNew) => {
    if (isNew && !alert.suppressed) io.stdout.write(`${alertLine(alert, color)}\n`);
  });
  service.on('failed', fail);
  service.on('ended', (summary) => {
    logger.info({ endedBy: summary.ended_by, frames: summary.frames_read }, 'the input has ended');
    if (summary.error !== null) fail(summary.error);
  });
  return { code: () => code };
}

async function run(session: Session, io: Io, context: CommandContext): Promise<number> {
  const { actions } = context;
  const service = new Service(session.options, session.service, () => serviceConfig(session));
  const outcome = watch(service, session, io);
  const stopped = Promise.withResolvers<void>();
  const stop = (signal: string): void => {
    session.log.logger.info({ signal }, 'stopping');
    notifySupervisor('STOPPING=1', io.environment);
    stopped.resolve();
  };
  const ignoreSignals = onStopSignals(actions.signals, { stop, exitNow: (code) => actions.exitNow(code), now: () => performance.now() }, [
    'SIGINT',
    'SIGTERM',
  ]);
  const ignoreReload = onReload(service, session, context, () => stop('SIGHUP'));
  try {
    const report = await service.start();
    io.stdout.write(`${startLine(report, session)}\n`);
    const endWatchdog = notifySupervisor('READY=1', io.environment);
    await stopped.promise;
    endWatchdog();
    await service.stop();
    return outcome.code();
  } finally {
    ignoreReload();
    ignoreSignals();
  }
}

/** Resolves with the exit code; rejects with a SensorError when nothing could be started. */
export async function runServe(context: CommandContext): Promise<number> {
  const session = await openSession('serve', context.parsed, context.args, context.io);
  if (session === null) return 0;
  try {
    return await run(session, context.io, context);
  } catch (error) {
    const { input } = session.options;
    throw input.kind === 'capture' ? withNearestInterface(withPermissionAdvice(error), input.interfaces, loadAddon) : error;
  } finally {
    session.log.close();
  }
}
