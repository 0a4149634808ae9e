import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { splitShortValues } from '../../../src/cli/argv.ts';
import { checkInterfaces } from '../../../src/cli/doctor/interfaces.ts';
import { availableBytes, checkBacklog, checkKernelRings, checkMemory } from '../../../src/cli/doctor/memory.ts';
import { checkPrivileges, checkProcesses, missingCapabilities } from '../../../src/cli/doctor/privileges.ts';
import { checkRuntime } from '../../../src/cli/doctor/runtime.ts';
import { permissionAdvice } from '../../../src/cli/failure.ts';
import { IntervalStats } from '../../../src/cli/interval-stats.ts';
import { onStopSignals, type StopSignal } from '../../../src/cli/stop-signals.ts';
import type { FlowRecord } from '../../../src/flow/record.ts';
import type { InterfaceFacts } from '../../../src/native/engine.ts';
import { createLog, textLine } from '../../../src/telemetry/logger.ts';
import { FakeSignals, tickOf } from './fake-run.ts';

describe('short flags with their value behind them', () => {
  it.each([
    ['-ieth0', '-i eth0'],
    ['-i=eth0', '-i eth0'],
    ['-i eth0', '-i eth0'],
    ['-pieth0', '-p -i eth0'],
    ['-vv', '-vv'],
    ['-c20', '-c 20'],
    ['--interface', '--interface'],
    ['-', '-'],
    ['-5', '-5'],
    ['-- -ieth0', '-- -ieth0'],
  ])('%s', (line, expected) => {
    expect(splitShortValues(line.split(' '), new Set(['i', 'c'])).join(' ')).toBe(expected);
  });
});

describe('stop signals', () => {
  function listen(): { signals: FakeSignals; log: string[]; clock: { ms: number } } {
    const signals = new FakeSignals();
    const log: string[] = [];
    const clock = { ms: 0 };
    const actions = {
      stop: (signal: StopSignal) => log.push(signal),
      exitNow: (code: number) => log.push(String(code)),
      now: () => clock.ms,
    };
    onStopSignals(signals, actions);
    return { signals, log, clock };
  }

  it('take an echo for the first signal, and a later one for impatience', () => {
    const { signals, log, clock } = listen();
    signals.send('SIGINT');
    clock.ms = 299;
    signals.send('SIGTERM');
    expect(log).toEqual(['SIGINT']);
    clock.ms = 300;
    signals.send('SIGTERM');
    expect(log).toEqual(['SIGINT', String(128 + constants.signals.SIGTERM)]);
  });
});

describe('stats over an interval', () => {
  const flow = (id: string): FlowRecord => ({ flow_id: id }) as FlowRecord;
  const top = (entries: Record<string, number>) =>
    Object.entries(entries).map(([id, deltaBytes]) => ({ record: flow(id), deltaBytes, deltaPackets: 1 }));

  it('adds counts and flows up, and keeps states and totals of the last tick', () => {
    const stats = new IntervalStats(2000, 2);
    expect(stats.add(tickOf({ top: top({ a: 5, b: 9 }), kernelDropped: 1, emergency: true }))).toBeNull();
    const report = stats.add(tickOf({ packets: 30, flowsLive: 8, bytesTotal: 7, top: top({ a: 6, c: 1 }), kernelDropped: 2 }));
    expect(report).toMatchObject({
      intervalSecs: 2,
      packets: 40,
      bytes: 250_000,
      flowsLive: 8,
      bytesTotal: 7,
      kernelDropped: 3,
      emergency: true,
    });
    expect(report?.top.map(({ record, deltaBytes, deltaPackets }) => [record.flow_id, deltaBytes, deltaPackets])).toEqual([
      ['a', 11, 2],
      ['b', 9, 1],
    ]);
  });

  it('is unknown where a tick was', () => {
    const stats = new IntervalStats(2000, 0);
    stats.add(tickOf({ kernelDropped: 4 }));
    expect(stats.add(tickOf({ kernelDropped: null }))?.kernelDropped).toBeNull();
  });

  it('completes with sums of lengths that have no exact value, and with the last tick', () => {
    const stats = new IntervalStats(1000, 0);
    for (let tick = 0; tick < 9; tick++) expect(stats.add(tickOf({ intervalSecs: 0.1 }))).toBeNull();
    expect(stats.add(tickOf({ intervalSecs: 0.1 }))?.packets).toBe(100);
    expect(stats.add(tickOf({ intervalSecs: 0.1, final: true }))?.packets).toBe(10);
  });
});

describe('the doctor', () => {
  it('reads capabilities', () => {
    expect(missingCapabilities('Name:\tnode\nCapEff:\t0000000000003000\n')).toEqual([]);
    expect(missingCapabilities('CapEff:\t0000000000002000\n')).toEqual(['cap_net_admin']);
    expect(missingCapabilities('CapEff:\t0000000000000000\n')).toEqual(['cap_net_raw', 'cap_net_admin']);
    expect(missingCapabilities('nothing')).toBeNull();
    expect(checkPrivileges(() => 'CapEff:\t0\n')).toMatchObject({
      state: 'missing',
      fix: [expect.stringMatching(/^sudo setcap/), expect.stringContaining('AmbientCapabilities')],
    });
    expect(checkPrivileges(() => 'CapEff:\tffffffffff\n').state).toBe('ok');
    expect(checkPrivileges(() => '').state).toBe('absent');
  });

  it('says whose processes can be named', () => {
    expect(checkProcesses(() => 'CapEff:\t0000000000080004\n').state).toBe('ok');
    expect(checkProcesses(() => 'CapEff:\t0000000000080000\n')).toMatchObject({
      state: 'absent',
      message: expect.stringMatching(/those of others take cap_dac_read_search$/),
    });
    expect(checkProcesses(() => '').message).toBe('--processes needs Linux');
  });

  it('quotes a path that a shell would take apart', () => {
    expect(permissionAdvice("/opt/my node's/node")[0]).toBe("sudo setcap cap_net_raw,cap_net_admin=eip '/opt/my node'\\''s/node'");
  });

  it('compares memory with what is needed', () => {
    const meminfo = 'MemTotal: 2000 kB\nMemAvailable:     1000 kB\n';
    expect(availableBytes(meminfo, 0)).toBe(1_024_000);
    expect(availableBytes(meminfo, 1000)).toBe(1000);
    expect(availableBytes('', 0)).toBeNull();
    expect(checkMemory(1000, 600_000).state).toBe('ok');
    expect(checkMemory(1_000_000, 100_000_000)).toMatchObject({ state: 'advice', fix: ['--max-flows 133000'] });
    expect(checkMemory(1, null).state).toBe('absent');
    expect(checkKernelRings(64, 4, 300 * 1024 * 1024)).toMatchObject({ state: 'advice', fix: ['--buffer-mb 37'] });
    expect(checkKernelRings(64, 1, 300 * 1024 * 1024).state).toBe('ok');
    expect(checkBacklog(() => '1000\n')).toMatchObject({ state: 'advice', fix: ['sudo sysctl -w net.core.netdev_max_backlog=10000'] });
    expect(checkBacklog(() => '250000\n').state).toBe('ok');
  });

  it('looks at interfaces', () => {
    const eth0: InterfaceFacts = {
      name: 'eth0',
      description: '',
      index: 2,
      up: true,
      running: true,
      loopback: false,
      pointToPoint: false,
      wireless: false,
      addresses: [{ address: '192.0.2.1', family: 4, prefix: 24 }],
      mac: null,
    };
    expect(checkInterfaces([], [{ ...eth0, name: 'lo', loopback: true }, eth0])).toMatchObject([
      { state: 'ok', message: 'eth0 would be captured from' },
    ]);
    expect(checkInterfaces([], [{ ...eth0, addresses: [] }])).toMatchObject([{ state: 'advice' }]);
    expect(checkInterfaces(['eth1'], [eth0])).toMatchObject([{ state: 'missing', fix: ['did you mean eth0?'] }]);
    expect(checkInterfaces(['eth0'], [{ ...eth0, up: false }])).toMatchObject([{ state: 'advice', fix: ['sudo ip link set eth0 up'] }]);
  });

  it('knows libndpi by its version, and how to get it', () => {
    const found = (ndpi: { version: string } | null) =>
      checkRuntime(
        () => {
          throw new Error('not built');
        },
        () => ndpi,
      ).findings.find(({ check }) => check === 'nDPI');
    expect(found({ version: '4.2.0' })).toMatchObject({ state: 'ok', message: 'libndpi 4.2.0' });
    expect(found(null)).toMatchObject({ state: 'absent', fix: ['sudo apt-get install libndpi-dev', 'npm run build'] });
  });

  it('says how to build an addon that does not load', () => {
    const { findings, addon } = checkRuntime(() => {
      throw new Error('not built');
    });
    expect(addon).toBeNull();
    expect(findings.find(({ check }) => check === 'addon')).toMatchObject({
      state: 'missing',
      message: 'not built',
      fix: expect.arrayContaining(['npm run build']),
    });
  });
});

describe('the log', () => {
  it('is one line of text without control characters', () => {
    const line = textLine({ level: 50, time: 0, msg: 'bad\nname \u001b[31m', host: 'a b', count: 3, name: 'weir', pid: 1 });
    expect(line).toBe('1970-01-01T00:00:00.000Z error bad\\u000aname \\u001b[31m host="a b" count=3\n');
  });

  it.each([
    [0, ['warn']],
    [1, ['warn', 'info']],
    [2, ['warn', 'info', 'debug']],
    [3, ['warn', 'info', 'debug', 'trace']],
    [9, ['warn', 'info', 'debug', 'trace']],
  ])('at verbosity %i says %j', (verbosity, expected) => {
    const said: string[] = [];
    const { logger } = createLog({
      verbosity,
      json: true,
      file: null,
      stderr: { write: (text) => said.push((JSON.parse(text) as { msg: string }).msg) },
    });
    for (const level of ['warn', 'info', 'debug', 'trace'] as const) logger[level](level);
    expect(said).toEqual(expected);
  });

  it('hides secrets', () => {
    let text = '';
    const { logger } = createLog({ verbosity: 0, json: false, file: null, stderr: { write: (line) => (text += line) } });
    logger.warn({ password: 'hunter2', auth: { token: 'abc' } }, 'x');
    expect(text).not.toMatch(/hunter2|abc/);
    expect(text).toContain('***');
  });
});
