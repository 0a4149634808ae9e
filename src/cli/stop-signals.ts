/**
 * Signals that end a run. The first asks for a clean stop, which exports every open flow; a second one that is not an
 * echo of the first ends the process at once, with 128 + the signal's number as shells do (130, 143, 129).
 *
 * Windows has console events in their place: Ctrl-C is SIGINT, Ctrl-Break SIGBREAK; the console being closed, the user
 * logging off and the system shutting down are SIGHUP, and Windows ends the process some seconds after it.
 */
import { constants } from 'node:os';

export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK'] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

/** A terminal signals the whole group and a parent may forward it: within this time it is one wish, not two. */
const ECHO_MS = 300;
/** SIGBREAK's number, which only Windows has. */
const BREAK = 21;

export interface SignalSource {
  on(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
  off(signal: StopSignal, listener: (signal: StopSignal) => void): unknown;
}

export interface StopActions {
  stop(signal: StopSignal): void;
  exitNow(code: number): void;
  now(): number;
}

/** Listens until the returned function is called. `signals`: those that stop this command. */
export function onStopSignals(source: SignalSource, actions: StopActions, signals: readonly StopSignal[] = STOP_SIGNALS): () => void {
  let firstAt: number | null = null;
  const listener = (signal: StopSignal): void => {
    if (firstAt === null) {
      firstAt = actions.now();
      actions.stop(signal);
    } else if (actions.now() - firstAt >= ECHO_MS) {
      actions.exitNow(128 + (constants.signals[signal] ?? BREAK));
    }
  };
  const known = signals.filter((signal) => signal in constants.signals);
  for (const signal of known) source.on(signal, listener);
  return () => {
    for (const signal of known) source.off(signal, listener);
  };
}
