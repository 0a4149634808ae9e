/** Runs one sensor for a command: starts it, shows what it says, stops it on signals, tells how it ended. */
import { ERROR_CODES, SensorError } from '../errors.ts';
import { ledgerFailures } from '../merge/ledger.ts';
import type { RunSummary } from '../merge/summary.ts';
import { printable } from '../packet/text.ts';
import type { Sensor } from '../sensor.ts';
import type { StartReport } from '../sensor-events.ts';
import { exitCodeOf, failureLines } from './failure.ts';
import type { Io } from './io.ts';
import { Screen } from './screen.ts';
import type { Session } from './session.ts';
import { onStopSignals, type SignalSource } from './stop-signals.ts';

/** The part of a sensor that a command uses; tests bring their own. */
export type RunnableSensor = Pick<Sensor, 'start' | 'stop' | 'done' | 'on' | 'lossSnapshot'>;

export interface RunActions {
  createSensor(options: Session['options']): RunnableSensor;
  signals: SignalSource;
  /** Ends the process without waiting for anything. */
  exitNow(code: number): void;
}

/** What the run is reading, and with how much; on standard error, where it is in nobody's way. */
function startLine(session: Session, report: StartReport): string {
  const threads = report.threads.map(({ name, source, cpu }) => `${name} on ${source}${cpu === null ? '' : ` (CPU ${cpu})`}`);
  session.log.logger.info({ threads, shards: report.shards, maxFlows: report.maxFlows }, 'started');
  const count = report.shards === 1 ? '1 shard' : `${report.shards} shards`;
  return `capturing on ${report.inputs.map(printable).join(', ')}, ${count}`;
}

/** Failures of a run that got as far as a summary, and the exit code. */
function conclude(session: Session, summary: RunSummary, io: Io): number {
  let code = 0;
  if (summary.error !== null) {
    io.stderr.write(`${failureLines(summary.error).join('\n')}\n`);
    code = exitCodeOf(summary.error);
  }
  if (!session.screen.assertLedger || summary.ledger.holds) return code;
  const failures = ledgerFailures(summary.ledger);
  const error = new SensorError(
    'LEDGER',
    `the ledger does not hold: ${failures.length} ${failures.length === 1 ? 'identity fails' : 'identities fail'}`,
  );
  io.stderr.write(`${[...failureLines(error), ...failures.map((line) => `  ${line}`)].join('\n')}\n`);
  return code === 0 ? ERROR_CODES.LEDGER : code;
}

/**
 * A reader of standard output that went away is a wish to stop; any other failure there is one of the run, and ends it
 * as well. `failed` says which; the program tells people.
 */
function watchStdout(io: Io, stop: () => void, screen: Screen): { failed(): boolean; end(): void } {
  let failed = false;
  const listener = (error: NodeJS.ErrnoException): void => {
    screen.abandon();
    if (error.code !== 'EPIPE') failed = true;
    stop();
  };
  io.stdout.on('error', listener);
  return { failed: () => failed, end: () => void setImmediate(() => io.stdout.off('error', listener)) };
}

/** Resolves with the exit code. A failure to start rejects with its SensorError. */
export async function runSensor(session: Session, io: Io, actions: RunActions): Promise<number> {
  const { logger } = session.log;
  const sensor = actions.createSensor(session.options);
  const screen = new Screen(session, io);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    // The outcome arrives through `done`.
    sensor.stop().catch(() => {});
  };
  const quit = (code: number): void => {
    screen.close();
    actions.exitNow(code);
  };
  const onSignal = (signal: string): void => {
    logger.info({ signal }, 'stopping');
    stop();
  };
  const ignoreSignals = onStopSignals(actions.signals, { stop: onSignal, exitNow: quit, now: () => performance.now() });
  const stdout = watchStdout(io, stop, screen);
  sensor.on('warning', ({ code, message, detail }) => logger.warn({ code, ...detail }, message));
  screen.attach(sensor);
  try {
    const report = await sensor.start();
    const line = startLine(session, report);
    if (session.command === 'capture') io.stderr.write(`${line}\n`);
    const summary = await sensor.done;
    screen.close();
    screen.summary(summary);
    logger.info({ endedBy: summary.ended_by, frames: summary.frames_read }, 'ended');
    const code = conclude(session, summary, io);
    return code === 0 && stdout.failed() ? ERROR_CODES.OUTPUT : code;
  } finally {
    screen.close();
    stdout.end();
    ignoreSignals();
  }
}
