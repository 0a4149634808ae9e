import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parseDriverCounters, parseRing, withDrivers } from '../../../src/telemetry/loss/ethtool.ts';
import { parseSoftnet, readHost } from '../../../src/telemetry/loss/read-host.ts';
import { hostOf, nicOf } from '../../support/loss-snapshots.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const folder = new TemporaryFolder('host');
afterAll(() => folder[Symbol.dispose]());

function write(path: string, text: string): void {
  mkdirSync(dirname(folder.file(path)), { recursive: true });
  writeFileSync(folder.file(path), text);
}

const SOFTNET = [
  '0000a1b2 00000003 00000010 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000',
  '00000100 000000ff 00000001 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000001',
].join('\n');

describe("the host's counters", () => {
  write('proc/net/softnet_stat', `${SOFTNET}\n`);
  write('proc/sys/net/core/netdev_max_backlog', '1000\n');
  write('proc/sys/net/core/netdev_budget', '300\n');
  const counters = { rx_packets: 12_345, rx_missed_errors: 7, rx_fifo_errors: 2, rx_dropped: 99 };
  for (const [name, count] of Object.entries(counters)) write(`sys/class/net/eth1/statistics/${name}`, `${count}\n`);

  it('are read from /sys and /proc, those of processors in hexadecimal and added up', () => {
    expect(readHost(['eth1'], folder.path)).toEqual({
      interfaces: [{ name: 'eth1', packets: 12_345, missed: 7, fifo: 2, dropped: 99, driver: null, ring: null }],
      softnet: { processed: 0xa1b2 + 0x100, dropped: 3 + 0xff, squeezed: 0x11 },
      backlog: 1000,
      budget: 300,
    });
  });

  it('are null one by one where there is nothing, and all in all where there is nothing at all', () => {
    expect(readHost(['eth7'], folder.path)?.interfaces).toEqual([
      nicOf({ name: 'eth7', packets: null, missed: null, fifo: null, dropped: null }),
    ]);
    expect(readHost(['eth7'], folder.file('nothing'))).toBeNull();
  });

  it('never come from elsewhere, whatever an interface is called', () => {
    for (const name of ['..', '../eth1', 'eth1/../eth1', '', 'a\0b', '.']) {
      expect(readHost([name], folder.path)?.interfaces[0].packets).toBeNull();
    }
  });

  it('are null for texts that are none', () => {
    for (const text of ['', 'abc', '00000001 00000002', '00000001 zz 00000002']) expect(parseSoftnet(text)).toBeNull();
    fc.assert(fc.property(fc.string(), (text) => void parseSoftnet(text)));
  });
});

describe('what the driver says', () => {
  const STATISTICS = [
    'NIC statistics:',
    '     rx_packets: 100',
    '     rx_missed_errors: 5',
    '     rx_no_buffer_count: 6',
    '     rx_dropped: 70',
    '     tx_dropped: 8',
    '     rx_queue_0_drops: 9',
  ].join('\n');
  const RING = [
    'Ring parameters for eth1:',
    'Pre-set maximums:',
    'RX:\t\t4096',
    'TX:\t\t4096',
    'Current hardware settings:',
    'RX:\t\t512',
    'TX:\t\t512',
  ].join('\n');

  it('is its counters of received packets that were lost', () => {
    expect(parseDriverCounters(STATISTICS)).toEqual({ rx_missed_errors: 5, rx_no_buffer_count: 6, rx_queue_0_drops: 9 });
    fc.assert(fc.property(fc.string(), (text) => void parseDriverCounters(text)));
  });

  it('is the size of its ring, now and at most', () => {
    expect(parseRing(RING)).toEqual({ now: 512, most: 4096 });
    expect(parseRing('RX: n/a')).toBeNull();
  });

  it('is added where there is an answer', async () => {
    const answers: Record<string, string> = { '-S': STATISTICS, '-g': RING };
    const asked = await withDrivers(hostOf(), async ([option]) => answers[option]);
    expect(asked.interfaces[0]).toMatchObject({ driver: { rx_missed_errors: 5 }, ring: { now: 512, most: 4096 } });
    const silent = await withDrivers(hostOf(), () => Promise.reject(new Error('no ethtool')));
    expect(silent.interfaces[0]).toMatchObject({ driver: null, ring: null });
  });

  it('is not asked of a name that would be an option', async () => {
    const calls: (readonly string[])[] = [];
    await withDrivers(hostOf({ interfaces: [nicOf({ name: '--version' })] }), async (args) => {
      calls.push(args);
      return '';
    });
    expect(calls).toEqual([]);
  });
});
