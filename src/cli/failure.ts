/** How a failure is told: one line of what, one line of what to do next, and the documented exit code. */
import { realpathSync } from 'node:fs';
import { SensorError } from '../errors.ts';
import { printable } from '../packet/text.ts';

/** The two ways to give this Node the right to capture without being root; on Windows there is one way only. */
export function permissionAdvice(nodePath = process.execPath, platform: NodeJS.Platform = process.platform): string[] {
  if (platform === 'win32') return ['run as Administrator'];
  let binary = nodePath;
  try {
    binary = realpathSync(nodePath);
  } catch {
    // A deleted binary still runs; its path is the best that there is to say.
  }
  return [
    `sudo setcap cap_net_raw,cap_net_admin=eip ${/[^\w@%+=:,./-]/.test(binary) ? `'${binary.replaceAll("'", "'\\''")}'` : binary}`,
    'or, in a systemd unit: AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN',
  ];
}

/** Lines for standard error; a hint may have several. */
export function failureLines(error: unknown): string[] {
  if (!(error instanceof SensorError)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return [`weir: internal error: ${text}`, '  hint: this is a bug; please report it with the lines above'];
  }
  const hints = error.hint?.split('\n') ?? [];
  return [`weir: ${printable(error.message)}`, ...hints.map((hint) => `  hint: ${printable(hint)}`)];
}

export function exitCodeOf(error: unknown): number {
  return error instanceof SensorError ? error.exitCode : 1;
}
