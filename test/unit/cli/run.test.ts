import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { withNearestInterface } from '../../../src/cli/commands/capture.ts';
import { SensorError } from '../../../src/errors.ts';
import type { InterfaceFacts } from '../../../src/native/engine.ts';
import { sleep, until } from '../../support/command.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { type FakeSensor, type FakeSignals, fakeRun, type Outcome, summaryOf, tickOf } from './fake-run.ts';

describe('how a run ends', () => {
  it.each([
    ['SOURCE_NOT_FOUND', 3],
    ['SOURCE_FORMAT', 3],
    ['SOURCE_PERMISSION', 3],
    ['FILTER', 2],
    ['CONFIG', 2],
    ['OUTPUT', 1],
    ['ADDON', 1],
    ['PLUGIN_MISSING', 5],
  ] as const)('a failure to start with %s exits with %i', async (code, exit) => {
    const outcome = await fakeRun(['replay', 'x'], {
      startFails: new SensorError(code, 'it failed', { hint: 'do this', detail: { path: 'x' } }),
    });
    expect(outcome.code).toBe(exit);
    expect(outcome.stderr.lines).toEqual(['weir: it failed', '  hint: do this']);
    expect(outcome.stdout.text).toBe('');
  });

  it('a truncated capture exits with 1, after its summary', async () => {
    const error = new SensorError('SOURCE_TRUNCATED', 'x ends within a packet');
    const { code, stdout, stderr } = await fakeRun(['replay', 'x'], { summary: summaryOf({ error, frames_read: 77_123 }) });
    expect(code).toBe(1);
    expect(stdout.text).toMatch(/77.?123/);
    expect(stderr.lines).toContain('weir: x ends within a packet');
  });

  const broken = summaryOf({
    ledger: {
      schema_version: 1,
      stages: {},
      quality: {},
      holds: false,
      identities: [
        { name: 'read', unit: 'packets', left: { name: 'frames_read', value: 5 }, right: [{ name: 'delivered', value: 4 }], holds: false },
      ],
    },
  });

  it('a ledger that does not hold exits with 4, and is told, when it is asserted', async () => {
    const { code, stderr } = await fakeRun(['replay', 'x', '--assert-ledger'], { summary: broken });
    expect(code).toBe(4);
    expect(stderr.text).toContain('1 identity fails');
    expect(stderr.text).toContain('read (packets): 5 frames_read');
    expect((await fakeRun(['replay', 'x'], { summary: broken })).code).toBe(0);
    expect((await fakeRun(['replay', 'x', '--assert-ledger'])).code).toBe(0);
  });

  it('an internal error asks for a report and exits with 1', async () => {
    const { code, stderr } = await fakeRun(['replay', 'x'], { startFails: new TypeError('x is not a function') });
    expect(code).toBe(1);
    expect(stderr.text).toContain('this is a bug');
  });

  it('a missing permission names the commands that give it', async () => {
    const startFails = new SensorError('SOURCE_PERMISSION', 'eth0: permission denied', { hint: 'run as root', detail: { path: 'eth0' } });
    const { code, stderr } = await fakeRun(['capture', '-i', 'eth0'], { startFails });
    expect(code).toBe(3);
    expect(stderr.text).toMatch(/^ {2}hint: sudo setcap cap_net_raw,cap_net_admin=eip \S*node\S*$/m);
    expect(stderr.text).toContain('AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN');
  });

  it('an unknown interface brings the nearest names', () => {
    const facts = {
      description: '',
      index: 2,
      up: true,
      running: true,
      loopback: false,
      pointToPoint: false,
      wireless: false,
      addresses: [],
      mac: null,
    };
    const listInterfaces = (): InterfaceFacts[] => ['eth0', 'lo', 'wlan0'].map((name) => ({ ...facts, name }));
    const failure = new SensorError('SOURCE_OPEN', 'no such device');
    const told = withNearestInterface(failure, ['lo', 'eth9'], () => ({ listInterfaces }));
    expect(told).toMatchObject({ code: 'SOURCE_NOT_FOUND', message: 'there is no interface eth9', hint: 'did you mean eth0?' });
    expect(withNearestInterface(failure, ['lo'], () => ({ listInterfaces }))).toBe(failure);
    const denied = new SensorError('SOURCE_PERMISSION', 'no');
    expect(withNearestInterface(denied, ['eth9'], () => ({ listInterfaces }))).toBe(denied);
  });
});

describe('signals', () => {
  /** Starts a capture that goes on until `play` is through, and waits until it listens to signals. */
  async function listening(play: (sensor: FakeSensor) => Promise<void>): Promise<{ running: Promise<Outcome>; signals: FakeSignals }> {
    const signals = Promise.withResolvers<FakeSignals>();
    const running = fakeRun(['capture', '-i', 'eth0'], { play, prepare: (outcome) => signals.resolve(outcome.signals) });
    const source = await signals.promise;
    await until('listeners', () => source.listenerCount('SIGINT') > 0);
    return { running, signals: source };
  }

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s stops cleanly, once, and exits with 0', async (signal) => {
    const { running, signals } = await listening((sensor) => sensor.stopped.promise);
    signals.send(signal);
    signals.send(signal);
    const { code, sensor, exits, stdout } = await running;
    expect([code, sensor?.stops, exits]).toEqual([0, 1, []]);
    expect(stdout.text).not.toBe('');
    expect(signals.eventNames()).toEqual([]);
  });

  it('a second one, later, exits at once with 128 and its number', async () => {
    const end = Promise.withResolvers<void>();
    const { running, signals } = await listening(() => end.promise);
    signals.send('SIGINT');
    await sleep(400);
    signals.send('SIGTERM');
    signals.send('SIGINT');
    end.resolve();
    expect((await running).exits).toEqual([143, 130]);
  });
});

describe('what a run shows', () => {
  it('capture names its interface on standard error', async () => {
    const { stderr } = await fakeRun(['capture']);
    expect(stderr.lines[0]).toBe('capturing on eth0, 2 shards');
  });

  it('stats lines add ticks up to their interval', async () => {
    const play = (sensor: { emit(name: 'tick', tick: ReturnType<typeof tickOf>): boolean }): void => {
      for (let tick = 1; tick <= 5; tick++) sensor.emit('tick', tickOf({ tick, final: tick === 5 }));
    };
    const { stdout } = await fakeRun(['replay', 'x', '--stats', '--stats-interval-ms', '2000'], { play });
    const lines = stdout.lines.filter((line) => line.startsWith('[stats]'));
    expect(lines).toEqual(Array(3).fill('[stats] 1.00 Mbps | 10 pps | 3 flows'));
  });

  it('text goes to standard error when standard output is a file', async () => {
    const { stdout, stderr } = await fakeRun(['replay', 'x', '--flows-jsonl', '-', '--stats'], {
      play: (sensor) => void sensor.emit('tick', tickOf({ final: true })),
    });
    expect(stdout.text).toBe('');
    expect(stderr.text).toContain('[stats]');
  });

  it('listens to packets only when somebody sees them', async () => {
    const listeners = async (...args: string[]): Promise<number> => {
      const { sensor } = await fakeRun(args);
      return sensor?.listenerCount('packet') ?? -1;
    };
    expect(await listeners('replay', 'x')).toBe(0);
    expect(await listeners('replay', 'x', '--packets')).toBe(1);
    expect(await listeners('capture')).toBe(1);
    expect(await listeners('capture', '--quiet')).toBe(0);
  });

  it('prints packets as lines or in detail, without ignored protocols', async () => {
    const frame = new Uint8Array(42);
    frame.set([0x08, 0x06], 12);
    const packet = {
      ordinal: 1,
      sec: 0,
      nsec: 0,
      streamNs: 0,
      source: 0,
      linkType: 1,
      wireLength: 42,
      capturedLength: 42,
      frame,
      selected: 1,
    };
    const shown = async (...args: string[]) =>
      (await fakeRun(['replay', 'x', '--packets', ...args], { play: (sensor) => void sensor.emit('packet', packet) })).stdout.text;
    expect(await shown()).toMatch(/^#1 00:00:00\.000000 /);
    expect(await shown('--hex-dump')).toContain('Hex Dump');
    expect(await shown('-vv')).toContain('Hex Dump');
    expect(await shown('--ignore-protocols', 'ARP')).not.toContain('#1 ');
  });

  it('warnings go to the log', async () => {
    const play = (sensor: {
      emit(name: 'warning', warning: { code: string; message: string; detail: Record<string, unknown> }): boolean;
    }): void => {
      sensor.emit('warning', { code: 'LINK_TYPE', message: 'link type 147 is not decoded', detail: { count: 3 } });
    };
    const text = await fakeRun(['replay', 'x'], { play });
    expect(text.stderr.lines).toEqual([expect.stringMatching(/^\d{4}-.*Z warn {2}link type 147 is not decoded code=LINK_TYPE count=3$/)]);
    const json = await fakeRun(['replay', 'x', '--log-json'], { play });
    expect(JSON.parse(json.stderr.lines[0])).toMatchObject({ level: 40, msg: 'link type 147 is not decoded', code: 'LINK_TYPE', count: 3 });
    using folder = new TemporaryFolder('log');
    const toFile = await fakeRun(['replay', 'x', '--log-file', folder.file('weir.log'), '-v'], { play });
    expect(toFile.stderr.text).toBe('');
    expect(readFileSync(folder.file('weir.log'), 'utf8')).toMatch(/ info .*\n.* warn {2}link type/);
  });

  it('a log that cannot be opened is an error before anything starts', async () => {
    const { code, sensor, stderr } = await fakeRun(['replay', 'x', '--log-file', '/nowhere/weir.log']);
    expect([code, sensor]).toEqual([1, null]);
    expect(stderr.text).toContain('/nowhere/weir.log');
    expect(existsSync('/nowhere')).toBe(false);
  });

  it('a reader that goes away stops the run quietly', async () => {
    const prepare = ({ stdout }: Outcome): void => {
      stdout.failure = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });
    };
    const play = async (sensor: {
      emit(name: 'tick', tick: ReturnType<typeof tickOf>): boolean;
      stopped: PromiseWithResolvers<void>;
    }): Promise<void> => {
      sensor.emit('tick', tickOf());
      await sensor.stopped.promise;
    };
    const { code, sensor, stderr } = await fakeRun(['replay', 'x', '--stats'], { prepare, play });
    expect([code, sensor?.stops, stderr.text]).toEqual([0, 1, '']);
  });
});
