/** What only the driver knows, asked through the `ethtool` command: its own counters, and the size of its receive ring. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { HostCounters, NicCounters } from './counters.ts';

const TIMEOUT_MS = 2000;
const MOST_COUNTERS = 64;

const run = promisify(execFile);

export type AskDriver = (args: readonly string[]) => Promise<string>;

const askDriver: AskDriver = async (args) => (await run('ethtool', [...args], { timeout: TIMEOUT_MS, encoding: 'utf8' })).stdout;

/** Counters of packets that were received and lost. `rx_dropped` has other frames in it. */
const LOSS = /^rx.*(?:miss|drop|discard|no_?buf|no_dma|out_of_buffer|fifo|overrun|overflow)/i;

/** Of `ethtool -S`: those that count losses. */
export function parseDriverCounters(text: string): Record<string, number> {
  const counters: Record<string, number> = {};
  for (const match of text.matchAll(/^\s*([\w.[\]-]{1,64}):\s*(\d{1,20})\s*$/gm)) {
    const [, name, count] = match;
    if (LOSS.test(name) && name !== 'rx_dropped' && Object.keys(counters).length < MOST_COUNTERS) counters[name] = Number(count);
  }
  return counters;
}

/** Of `ethtool -g`: the first RX is the most that there can be, the second is now. */
export function parseRing(text: string): NicCounters['ring'] {
  const [most, now] = [...text.matchAll(/^RX:\s*(\d{1,9})\s*$/gm)].map(([, count]) => Number(count));
  return most === undefined || now === undefined || most === 0 ? null : { now, most };
}

/** null where there is no ethtool, or the driver has no answer. */
async function ask<T>(askWith: AskDriver, args: readonly string[], parse: (text: string) => T): Promise<T | null> {
  try {
    return parse(await askWith(args));
  } catch {
    return null;
  }
}

/** Adds what the drivers say. */
export async function withDrivers(host: HostCounters, askWith: AskDriver = askDriver): Promise<HostCounters> {
  const asked = host.interfaces.map(async (nic): Promise<NicCounters> => {
    // A name that begins with a dash would be an option.
    if (nic.name.startsWith('-')) return nic;
    const driver = await ask(askWith, ['-S', nic.name], parseDriverCounters);
    return { ...nic, driver, ring: await ask(askWith, ['-g', nic.name], parseRing) };
  });
  return { ...host, interfaces: await Promise.all(asked) };
}
