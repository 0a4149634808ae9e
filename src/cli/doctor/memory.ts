/** Is there memory for the flow table and the kernel's buffers, and does the kernel queue enough? */
import { readFileSync } from 'node:fs';
import { absent, advice, type Finding, ok } from './finding.ts';

/** Measured resident memory per live flow: hot and cold record, index, and their share of the rest. */
const BYTES_PER_FLOW = 600;
const MIB = 1024 * 1024;
/** The kernel's default of 1000 packets per processor is reached by a gigabit of small packets within 0.7 ms. */
const BACKLOG = 10_000;

const mib = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`;

/** Bytes that can still be had: the smaller of what the system and what this process's container has left. */
export function availableBytes(meminfo: string, constrained: number): number | null {
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo);
  const system = match === null ? null : Number(match[1]) * 1024;
  if (constrained > 0 && (system === null || constrained < system)) return constrained;
  return system;
}

export function checkMemory(maxFlows: number, available: number | null): Finding {
  const need = maxFlows * BYTES_PER_FLOW;
  if (available === null) return absent('memory', 'unknown: this system does not tell how much is available');
  if (maxFlows === 0) return ok('memory', `${mib(available)} available; the number of flows is chosen from it`);
  const text = `${maxFlows} flows need up to ${mib(need)}, ${mib(available)} are available`;
  const fits = Math.max(1000, Math.floor((available * 0.8) / BYTES_PER_FLOW / 1000) * 1000);
  return need <= available ? ok('memory', text) : advice('memory', text, `--max-flows ${fits}`);
}

/** The rings of capture sockets are locked kernel memory that counts against the same total. */
export function checkKernelRings(bufferMb: number, sockets: number, available: number | null): Finding {
  const need = bufferMb * MIB * sockets;
  const text = `${sockets} capture ${sockets === 1 ? 'socket' : 'sockets'} of ${bufferMb} MiB: ${mib(need)}`;
  if (available === null || need <= available / 2) return ok('kernel rings', text);
  return advice(
    'kernel rings',
    `${text}, more than half of the ${mib(available)} that are available`,
    `--buffer-mb ${Math.max(1, Math.floor(available / 2 / MIB / sockets))}`,
  );
}

export function checkBacklog(read: () => string = () => readFileSync('/proc/sys/net/core/netdev_max_backlog', 'utf8')): Finding {
  let current: number;
  try {
    current = Number(read());
  } catch {
    return absent('kernel queue', 'unknown: this system has no net.core.netdev_max_backlog');
  }
  const text = `net.core.netdev_max_backlog is ${current}`;
  return current >= BACKLOG
    ? ok('kernel queue', text)
    : advice('kernel queue', `${text}; bursts may be lost before the socket`, `sudo sysctl -w net.core.netdev_max_backlog=${BACKLOG}`);
}
