import { describe, expect, it } from 'vitest';
import type { HostCounters, NicCounters, SensorCounters } from '../../../src/telemetry/loss/counters.ts';
import { diagnoseLoss, lossOnly } from '../../../src/telemetry/loss/diagnose.ts';
import { hostOf, nicOf, sensorOf, snapshotAt } from '../../support/loss-snapshots.ts';

type Settings = Partial<SensorCounters['settings']>;

/** Ten seconds in which the counters grew to these. */
function grown(sensor: Partial<SensorCounters>, settings: Settings = {}, host: HostCounters = hostOf()) {
  const base = sensorOf();
  const changed = { ...base, ...sensor, settings: { ...base.settings, ...settings } };
  return diagnoseLoss(snapshotAt(0, base), snapshotAt(10, changed, host));
}

const nicAfter = (changes: Partial<NicCounters>, host: Partial<HostCounters> = {}, before: Partial<NicCounters> = {}) =>
  diagnoseLoss(
    snapshotAt(0, null, hostOf({ interfaces: [nicOf(before)] })),
    snapshotAt(10, null, hostOf({ interfaces: [nicOf({ packets: 2000, ...changes })], ...host })),
  )[0];

describe('where nothing is lost', () => {
  it('every stage is told in the order of the way, with what was counted', () => {
    const advice = grown({ received: 3000, enqueued: 3000, accounted: 3000, payloadBytes: 2_000_000 });
    expect(advice.map(({ stage }) => stage)).toEqual(['link', 'nic', 'softirq', 'socket', 'ring', 'flow_table', 'application', 'sink']);
    expect(advice.every(({ state, lost, remedy }) => state === 'ok' && lost === 0 && remedy === null)).toBe(true);
    expect(advice[3].detail).toBe('0 of 2,000 packets in 10.0 s (0.0 %)');
    expect(lossOnly(advice)).toEqual([]);
  });

  it('what nobody counts is unknown, never 0', () => {
    const base = sensorOf({ received: null, kernelDrops: null });
    const advice = diagnoseLoss(snapshotAt(0, base, null), snapshotAt(10, base, null));
    const unknown = advice.filter(({ state }) => state === 'unknown');
    expect(unknown.map(({ stage, lost }) => [stage, lost])).toEqual([
      ['link', null],
      ['nic', null],
      ['softirq', null],
      ['socket', null],
    ]);
  });

  it('a file has neither card nor socket', () => {
    const base = sensorOf({ live: false, received: null, kernelDrops: null });
    const advice = diagnoseLoss(snapshotAt(0, base, null), snapshotAt(10, base, null));
    expect(advice.map(({ stage, state }) => [stage, state])).toEqual([
      ['link', 'unknown'],
      ['socket', 'ok'],
      ['ring', 'ok'],
      ['flow_table', 'ok'],
      ['application', 'ok'],
      ['sink', 'ok'],
    ]);
  });
});

describe('the card', () => {
  it('is told with its ring as it is and can be', () => {
    const found = nicAfter({ missed: 250, fifo: 250, ring: { now: 512, most: 4096 } });
    // One loss in two counters is one loss.
    expect(found).toMatchObject({ stage: 'nic', state: 'losing', lost: 250, remedy: 'ethtool -G eth1 rx 4096 (now 512)' });
    expect(found.detail).toBe('eth1: 250 of 1,250 packets in 10.0 s (20 %)');
  });

  it('may say so by its driver alone', () => {
    const found = nicAfter({ driver: { rx_no_buffer_count: 12, rx_missed: 0 } }, {}, { driver: { rx_no_buffer_count: 2, rx_missed: 0 } });
    expect(found).toMatchObject({ state: 'losing', lost: 10 });
    expect(found.detail).toContain('its driver counts rx_no_buffer_count 10');
    expect(found.remedy).toBe('ethtool -G eth1 rx MAX, where MAX is the maximum that ethtool -g eth1 shows (now unknown)');
  });

  it('with the largest ring and processors that stop early: more packets for each turn', () => {
    const softnet = { processed: 6000, dropped: 0, squeezed: 9 };
    expect(nicAfter({ missed: 1, ring: { now: 4096, most: 4096 } }, { softnet }).remedy).toBe(
      'sysctl -w net.core.netdev_budget=600 (now 300)',
    );
    expect(nicAfter({ missed: 1, ring: { now: 4096, most: 4096 } }).remedy).toContain('ethtool -L eth1 combined');
  });

  it('rx_dropped is an upper bound and no loss', () => {
    const found = nicAfter({ dropped: 77 });
    expect(found).toMatchObject({ state: 'ok', lost: 0 });
    expect(found.detail).toContain('rx_dropped grew by 77, frames of unwanted protocols included: an upper bound');
  });

  it('is unknown where it counts nothing, is not there, or was set back', () => {
    expect(nicAfter({ missed: null, fifo: null })).toMatchObject({ state: 'unknown', lost: null });
    expect(nicAfter({ name: 'eth2' })).toMatchObject({ state: 'unknown', lost: null });
    expect(nicAfter({ missed: 3, fifo: null }, {}, { missed: 9, fifo: null })).toMatchObject({ state: 'unknown', lost: null });
  });
});

describe('the stages of the host and of the sensor', () => {
  const losing = (advice: ReturnType<typeof grown>) =>
    advice.filter(({ state }) => state === 'losing').map(({ stage, lost, remedy }) => [stage, lost, remedy]);

  it('softirq', () => {
    const softnet = { processed: 7000, dropped: 30, squeezed: 4 };
    const advice = grown({}, {}, hostOf({ softnet }));
    expect(losing(advice)).toEqual([['softirq', 30, 'sysctl -w net.core.netdev_max_backlog=10000 (now 1000)']]);
    expect(losing(grown({}, {}, hostOf({ softnet, backlog: 8000 })))[0][2]).toBe('sysctl -w net.core.netdev_max_backlog=32000 (now 8000)');
    expect(losing(grown({}, {}, hostOf({ softnet, backlog: null })))[0][2]).toBe(
      'sysctl -w net.core.netdev_max_backlog=10000 (now unknown)',
    );
  });

  it.each<[Settings, string]>([
    [{}, '--buffer-mb 64 (now 16)'],
    [{ bufferMb: 64 }, '--buffer-mb 256 (now 64)'],
    [{ bufferMb: 1024 }, '--fanout 2 (now 1)'],
    [{ bufferMb: 1024, fanout: 4 }, 'a narrower --filter: the capture threads are all that the processors can do'],
  ])('socket with %j', (settings, remedy) => {
    expect(losing(grown({ received: 2000, kernelDrops: 40 }, settings))).toEqual([['socket', 40, remedy]]);
  });

  it('socket, when the kernel had not been asked before', () => {
    const advice = diagnoseLoss(
      snapshotAt(0, sensorOf({ received: null, kernelDrops: null })),
      snapshotAt(10, sensorOf({ kernelDrops: 5 })),
    );
    expect(advice.find(({ stage }) => stage === 'socket')).toMatchObject({ lost: 5, detail: '5 of 1,000 packets in 10.0 s (0.50 %)' });
  });

  it.each<[Settings, string]>([
    [{}, '--shards 2 (now 1)'],
    [{ shards: 3 }, '--shards 4 (now 3)'],
    [{ shards: 4 }, '--dpi off (now auto): the shards are as many as the processors'],
    [{ shards: 4, dpi: 'off' }, 'a narrower --filter: the shards are all that the processors can do'],
  ])('ring with %j', (settings, remedy) => {
    const advice = grown({ enqueued: 1500, ringDrops: 500, ringHighWaterBytes: 1 << 23 }, settings);
    expect(losing(advice)).toEqual([['ring', 500, remedy]]);
    expect(advice.find(({ stage }) => stage === 'ring')?.detail).toContain(
      '500 of 1,000 packets in 10.0 s (50 %); a ring was at most 100 % full (8.0 MiB each)',
    );
  });

  it('flow table: room for what was refused and evicted', () => {
    const advice = grown(
      { accounted: 3000, refusedLimit: 100, refusedEmergency: 20, flowsCreated: 1100, flowsEvicted: 400, emergencyTicks: 2 },
      { maxFlows: 1000 },
    );
    expect(losing(advice)).toEqual([['flow_table', 120, '--max-flows 50000 (now 1000)']]);
    expect(advice.find(({ stage }) => stage === 'flow_table')?.detail).toBe(
      '120 of 2,120 packets opened no flow in 10.0 s (5.7 %); refused by emergency 20, limit 100; ' +
        '400 of 1,000 flows ended early for want of room in 10.0 s (40 %); 2 ticks in the emergency',
    );
    expect(losing(grown({ flowsEvicted: 1 }, { maxFlows: 16_000_000 }))[0][2]).toContain('--flow-timeout-s');
  });

  it('sink: the output whose writes took longest, by name', () => {
    const outputs = [
      { flag: '--flows-jsonl', path: '/fifo', waitedMs: 8500 },
      { flag: '--dns-jsonl', path: '/dns', waitedMs: 20 },
    ];
    const advice = grown({ rowsWritten: 150, rowsDropped: 25, outputs });
    const remedy = '--flows-jsonl to something faster than /fifo (its writes took 8.5 of 10.0 s), or --flows-jsonl "" to leave it out';
    expect(losing(advice)).toEqual([['sink', 25, remedy]]);
    expect(advice.at(-1)?.detail).toBe('25 of 125 flow records given up in 10.0 s (20 %)');
  });

  it('a ring that ran full behind a slow output is the doing of the output', () => {
    const outputs = [{ flag: '--flows-jsonl', path: '/fifo', waitedMs: 9000 }];
    const advice = grown({ enqueued: 2000, ringDrops: 10, outboxWaits: 3, outputs });
    expect(losing(advice).map(([stage]) => stage)).toEqual(['ring', 'sink']);
    expect(new Set(losing(advice).map(([, , remedy]) => remedy)).size).toBe(1);
    // Waits alone are how outputs keep shards at their own pace.
    expect(losing(grown({ enqueued: 2000, ringDrops: 10, outboxWaits: 3 }))).toEqual([['ring', 10, '--shards 2 (now 1)']]);
  });

  it.each<[Partial<SensorCounters>, number, RegExp]>([
    [{ tapWritten: 90, tapDropped: 10 }, 10, /--quiet/],
    [{ pcapWritten: 90, pcapErrors: 10 }, 10, /--write-pcap/],
    [{ outputErrors: 1 }, 0, /an output failed/],
    [{ rowsDropped: 3 }, 3, /who reads flows\(\)/],
  ])('sink with %j', (counters, lost, remedy) => {
    expect(grown(counters).at(-1)).toMatchObject({ stage: 'sink', state: 'losing', lost, remedy: expect.stringMatching(remedy) });
  });
});

describe('the application layer', () => {
  it.each([
    [{ shards: 1, processors: 4 }, '--shards 2 (now 1)'],
    [{ shards: 4, processors: 4, dpi: 'both' }, '--dpi builtin (now both): the shards are as many as the processors'],
    [{ shards: 4, processors: 4, dpi: 'builtin' }, 'a narrower --filter, or more processors: the shards are all that these can do'],
  ])('that left flows unread with %j', (settings, remedy) => {
    const advice = grown({ flowsCreated: 500, appShed: 100 }, settings);
    const losing = advice.filter(({ state }) => state === 'losing');
    expect(losing).toMatchObject([{ stage: 'application', lost: 100, remedy }]);
    expect(losing[0].detail).toMatch(/^100 of 400 flows were left without a look/);
  });
});

describe('the link: data that was acknowledged and never seen', () => {
  const lossy = { missedBytes: 60_000, payloadBytes: 2_000_000 };

  it('is lost before the host when no counter says otherwise', () => {
    const [link] = grown(lossy);
    expect(link).toMatchObject({ stage: 'link', state: 'losing', lost: null, remedy: expect.stringContaining('mirror port') });
    expect(link.detail).toContain('60,000 of 1,060,000 bytes of TCP data were acknowledged and never seen in 10.0 s (5.7 %)');
  });

  it('agrees with counters that show a loss', () => {
    expect(grown({ ...lossy, kernelDrops: 30, received: 2000 })[0]).toMatchObject({ stage: 'link', state: 'ok' });
  });

  it('is no alarm for a few bytes or a small share', () => {
    expect(grown({ missedBytes: 40_000, payloadBytes: 1_100_000 })[0].state).toBe('ok');
    expect(grown({ missedBytes: 60_000, payloadBytes: 100_000_000 })[0].state).toBe('ok');
  });

  it('of a file has no remedy', () => {
    const [link] = diagnoseLoss(snapshotAt(0, sensorOf({ live: false }), null), snapshotAt(1, sensorOf({ live: false, ...lossy }), null));
    expect(link).toMatchObject({ state: 'losing', remedy: null });
    expect(link.detail).toContain('the file lacks them');
  });
});
