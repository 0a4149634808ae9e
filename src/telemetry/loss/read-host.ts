/** Reads the host's counters from /sys and /proc. What cannot be read or understood is null. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostCounters, NicCounters, SoftnetCounters } from './counters.ts';

/** Names of interfaces come from people: nothing may lead out of /sys/class/net. */
const NAME = /^[^/\0]{1,64}$/;

function readText(root: string, path: string): string | null {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return null;
  }
}

function readNumber(root: string, path: string): number | null {
  const text = readText(root, path)?.trim() ?? '';
  return /^\d{1,20}$/.test(text) ? Number(text) : null;
}

/** Lines of one processor each, columns in hexadecimal: processed, dropped, squeezed, … */
export function parseSoftnet(text: string): SoftnetCounters | null {
  const rows = text.split('\n').filter((line) => line.trim() !== '');
  const sums = [0, 0, 0];
  for (const row of rows) {
    const columns = row.trim().split(/\s+/).slice(0, 3);
    if (columns.length < 3 || !columns.every((column) => /^[0-9a-f]{1,16}$/i.test(column))) return null;
    for (const [index, column] of columns.entries()) sums[index] += Number.parseInt(column, 16);
  }
  return rows.length === 0 ? null : { processed: sums[0], dropped: sums[1], squeezed: sums[2] };
}

function readNic(root: string, name: string): NicCounters {
  const read = (counter: string): number | null =>
    NAME.test(name) && name !== '.' && name !== '..' ? readNumber(root, `sys/class/net/${name}/statistics/${counter}`) : null;
  return {
    name,
    packets: read('rx_packets'),
    missed: read('rx_missed_errors'),
    fifo: read('rx_fifo_errors'),
    dropped: read('rx_dropped'),
    driver: null,
    ring: null,
  };
}

/** `root` stands for `/`. null on systems without any of it. */
export function readHost(interfaces: readonly string[], root = '/'): HostCounters | null {
  const softnet = parseSoftnet(readText(root, 'proc/net/softnet_stat') ?? '');
  const nics = interfaces.map((name) => readNic(root, name));
  if (softnet === null && nics.every(({ packets }) => packets === null)) return null;
  return {
    interfaces: nics,
    softnet,
    backlog: readNumber(root, 'proc/sys/net/core/netdev_max_backlog'),
    budget: readNumber(root, 'proc/sys/net/core/netdev_budget'),
  };
}
