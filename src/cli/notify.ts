/** What a supervisor such as systemd is told (sd_notify): ready, stopping, and that we are alive. */
import { execFile } from 'node:child_process';

type Environment = Readonly<Record<string, string | undefined>>;

/** Node has no datagram sockets of the local kind, so systemd's own command sends the word. */
function send(state: string, environment: Environment): void {
  const child = execFile('systemd-notify', [`--pid=${process.pid}`, state], { env: { ...environment } }, () => {});
  child.on('error', () => {});
}

/**
 * Says `state` where a supervisor listens, and nothing elsewhere. Until the returned function is called the watchdog gets
 * its sign of life, at half of the time that it allows; it comes from the thread that merges, so that a stuck one misses it.
 */
export function notifySupervisor(state: string, environment: Environment): () => void {
  if ((environment.NOTIFY_SOCKET ?? '') === '') return () => {};
  send(state, environment);
  const watchdogMs = Number(environment.WATCHDOG_USEC ?? '') / 1000;
  if (state !== 'READY=1' || !(watchdogMs > 0)) return () => {};
  const timer = setInterval(() => send('WATCHDOG=1', environment), Math.max(100, watchdogMs / 2));
  timer.unref();
  return () => clearInterval(timer);
}
