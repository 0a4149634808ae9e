/** Rules on who connects to whom: lateral movement, guessing, beacons, what is new. */
import { describe, expect, it } from 'vitest';
import { beaconing, sizeScore, timingScore } from '../../../src/detect/rules/beaconing.ts';
import { bruteForce } from '../../../src/detect/rules/brute-force.ts';
import { lateralMovement } from '../../../src/detect/rules/lateral-movement.ts';
import { newDevice } from '../../../src/detect/rules/new-device.ts';
import { newService } from '../../../src/detect/rules/new-service.ts';
import { addressOf, answer, arp, close, RuleRig, SECOND, tick, UDP } from './rule-rig.ts';

const inside = '10.0.0.5';
const outside = '198.51.100.7';
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('lateral_movement', () => {
  const ports = [22, 135, 139, 445, 3389, 5985, 5986];
  const contact = (i: number, t: number, more: object = {}) =>
    answer({ source: inside, target: `10.0.1.${i}`, port: ports[i % ports.length], t, ...more });

  it('needs 5 new hosts', () => {
    const rig = new RuleRig(lateralMovement).feed(
      ...numbers(4).map((i) => contact(i, i)),
      contact(2, 5),
      contact(3, 6, { targetPort: 22 }),
    );
    expect(rig.findings).toEqual([]);
    rig.feed(contact(4, 7));
    expect(rig.findings).toHaveLength(1);
    expect(rig.findings[0]).toMatchObject({ source: inside, observed: { hosts: 5 }, severity: 'medium', firstAt: 0 });
    expect(rig.findings[0].flows).toHaveLength(5);
  });

  it('forgets what is exactly as old as the window', () => {
    const edge = (at: number) =>
      new RuleRig(lateralMovement).feed(contact(0, 0), ...numbers(3).map((i) => contact(i + 1, 9)), { ...contact(4, 0), at }).findings
        .length;
    expect(edge(300 * SECOND - 1)).toBe(1);
    expect(edge(300 * SECOND)).toBe(0);
  });

  it('is surer after the learning time, and knows whom it met', () => {
    const rig = new RuleRig(lateralMovement).feed(...numbers(40).map((i) => contact(i % 4, i * 100)), tick({ t: 4000 }));
    rig.feed(...numbers(8).map((i) => contact(i, 4001 + i)));
    expect(rig.findings).toEqual([]);
    rig.feed(contact(8, 4010));
    expect(rig.findings).toHaveLength(1);
    expect(rig.findings[0].severity).toBeUndefined();
  });

  it('lets a scanner of long standing be', () => {
    const rig = new RuleRig(lateralMovement);
    for (const round of numbers(20)) rig.feed(...numbers(50).map((i) => contact(i, round * 600 + i)));
    expect(new Set(rig.findings.map(({ at }) => at < 600 * SECOND))).toEqual(new Set([true]));
  });

  it.each([
    ['refused contacts', { outcome: 'refused' }],
    ['other services', { port: 443 }],
    ['UDP', { protocol: UDP }],
    ['external sources', { source: outside }],
  ])('does not count %s', (_, more) => {
    expect(new RuleRig(lateralMovement).feed(...numbers(50).map((i) => contact(i, i, more))).findings).toEqual([]);
  });
});

describe('brute_force', () => {
  const attempt = (t: number, more: object = {}) =>
    close({ source: outside, target: inside, port: 22, t, bytesUp: 1621, bytesDown: 1967, payloadUp: 1223, payloadDown: 1623, ...more });

  it('needs 10 attempts', () => {
    const rig = new RuleRig(bruteForce).feed(...numbers(9).map((i) => attempt(i, { bytesUp: 1600 + i })));
    expect(rig.findings).toEqual([]);
    rig.feed(attempt(10));
    expect(rig.findings[0]).toMatchObject({ source: outside, target: `${inside}:22`, observed: { attempts: 10, service: 'ssh' } });
  });

  it('forgets what is exactly as old as the window', () => {
    const before = [attempt(0), ...numbers(8).map(() => attempt(9))];
    const edge = (at: number) => new RuleRig(bruteForce).feed(...before, attempt(0, { at })).findings.length;
    expect(edge(60 * SECOND - 1)).toBe(1);
    expect(edge(60 * SECOND)).toBe(0);
  });

  it('tells patient guessing with low severity, beyond 30 attempts', () => {
    const rig = new RuleRig(bruteForce).feed(...numbers(30).map((i) => attempt(i * 40)));
    expect(rig.findings).toEqual([]);
    rig.feed(attempt(1200));
    expect(rig.findings[0]).toMatchObject({ severity: 'low', observed: { attempts: 31 }, windowSecs: 1800 });
  });

  it('knows the service by its label on other ports', () => {
    const rig = new RuleRig(bruteForce).feed(...numbers(10).map((i) => attempt(i, { port: 2222, targetPort: 2222, service: 'ssh' })));
    expect(rig.findings).toHaveLength(1);
    expect(new RuleRig(bruteForce).feed(...numbers(10).map((i) => attempt(i, { port: 443, service: 'tls' }))).findings).toEqual([]);
  });

  it.each([
    ['a monitor that reads the greeting', { payloadUp: 22 }],
    ['a service that says nothing', { payloadDown: 0 }],
    ['long sessions', { firstAt: -20 * SECOND }],
    ['transfers', { bytesDown: 9000 }],
  ])('leaves %s alone', (_, more) => {
    const rig = new RuleRig(bruteForce).feed(...numbers(100).map((i) => attempt(i, { lastAt: i * SECOND, ...more })));
    expect(rig.findings).toEqual([]);
  });

  it('leaves work of different sizes alone', () => {
    const rig = new RuleRig(bruteForce).feed(...numbers(100).map((i) => attempt(i, { bytesDown: 1000 + ((i * 37) % 50) * 100 })));
    expect(rig.findings).toEqual([]);
  });
});

describe('beaconing', () => {
  const call = (t: number, more: object = {}) =>
    close({ source: inside, target: outside, port: 443, t, bytesUp: 346, payloadUp: 60, packetsDown: 3, ...more });
  /** Calls every `interval` seconds, each at most `jitter` of it late or early. */
  const calls = (count: number, interval: number, jitter = 0, more: object = {}) =>
    numbers(count).map((i) => call(i * interval + interval * jitter * Math.sin(i * i), more));

  it('needs 20 calls', () => {
    const rig = new RuleRig(beaconing).feed(...calls(19, 60, 0.02));
    expect(rig.findings).toEqual([]);
    rig.feed(call(19 * 60));
    expect(rig.findings).toHaveLength(1);
    expect(rig.findings[0]).toMatchObject({ source: inside, target: outside, observed: { connections: 20 } });
    expect(rig.findings[0].observed.interval_secs).toBeCloseTo(60, 0);
  });

  it('knows a host by its name where connections say it, whatever its addresses are', () => {
    const named = numbers(20).map((i) => call(i * 60, { host: 'c2.example.net' }));
    const rig = new RuleRig(beaconing).feed(...named.map((event, i) => ({ ...event, target: addressOf(`198.51.100.${i + 1}`) })));
    expect(rig.findings).toHaveLength(1);
    expect(rig.findings[0]).toMatchObject({ source: inside, target: 'c2.example.net', observed: { connections: 20 } });
    const others = numbers(20).map((i) => call(i * 60, { host: `host${i % 2}.example.net` }));
    expect(new RuleRig(beaconing).feed(...others).findings).toEqual([]);
  });

  it('counts calls of one second once', () => {
    const rig = new RuleRig(beaconing).feed(...numbers(19).flatMap((i) => [call(i * 60), call(i * 60 + 0.4)]));
    expect(rig.findings).toEqual([]);
    expect(rig.feed(call(19 * 60)).findings).toHaveLength(1);
  });

  it('forgets calls that are exactly a day old', () => {
    const day = 86_400 * SECOND;
    const rest = numbers(18).map((i) => call(4320 * (i + 1)));
    const edge = (at: number) => {
      const rig = new RuleRig(beaconing).feed(call(0), ...rest, { ...call(0), at, firstAt: at });
      return rig.findings.length;
    };
    expect(edge(day - 1)).toBe(1);
    expect(edge(day)).toBe(0);
  });

  it('sees through some jitter', () => {
    expect(new RuleRig(beaconing).feed(...calls(64, 300, 0.1)).findings.length).toBeGreaterThan(0);
  });

  it.each([
    ['internal monitoring', calls(60, 30, 0, { target: '10.0.0.9' })],
    ['NTP', calls(60, 64, 0, { protocol: UDP, targetPort: 123 })],
    ['DNS', calls(60, 64, 0, { protocol: UDP, targetPort: 53 })],
    ['ICMP', calls(60, 64, 0, { protocol: 1, targetPort: 0 })],
    ['calls that nobody answers', calls(60, 60, 0, { packetsDown: 0 })],
    [
      'browsing',
      numbers(60)
        .map((i) => call(10 * i + ((i * i * 37) % 400), { bytesUp: 300 + ((i * i * 91) % 4000) }))
        .toSorted((a, b) => a.at - b.at),
    ],
  ])('leaves %s alone', (_, events) => {
    expect(new RuleRig(beaconing).feed(...events).findings).toEqual([]);
  });

  it('scores as RITA does', () => {
    const times = (intervals: readonly number[]) => {
      const starts = [0];
      for (const interval of intervals) starts.push(starts[starts.length - 1] + interval * SECOND);
      return starts;
    };
    expect(timingScore(times([60, 60, 60, 60]))).toEqual({ score: 1, interval: 60 });
    // Quartiles 20, 60, 60: the middle one equals the last, so only the deviation counts: (60 - 0) / 60.
    expect(timingScore(times([20, 20, 60, 60, 60])).score).toBe(1);
    // Quartiles 20, 40, 100: skewness (120 - 80) / 80 = 0.5; deviations 30, 20, 0, 60, 160 with median 30: 10 / 40 = 0.25.
    expect(timingScore(times([10, 20, 40, 100, 200])).score).toBeCloseTo((0.5 + 0.25) / 2);
    expect(sizeScore([0, 0, 0, 0])).toBe(0.5);
    expect(timingScore(times([60, 60])).score).toBe(0);
  });
});

describe('new_device', () => {
  const meet = (sender: string, t: number) => arp({ mac: '02:00:00:00:00:01', sender, t });

  it('tells an address that comes after the learning time, once', () => {
    const rig = new RuleRig(newDevice).feed(meet('10.0.0.1', 0), meet('10.0.0.2', 3599.9));
    rig.feed(meet('10.0.0.3', 3600), meet('10.0.0.3', 3601), meet('10.0.0.1', 3602));
    expect(rig.findings).toHaveLength(1);
    expect(rig.findings[0]).toMatchObject({ source: '10.0.0.3', observed: { mac: '02:00:00:00:00:01' }, at: 3600 * SECOND });
  });

  it('believes only those who were answered, and only its own networks', () => {
    const rig = new RuleRig(newDevice).feed(tick({ t: 1 }), meet('0.0.0.0', 5000), meet(outside, 5000), meet('169.254.1.1', 5000));
    rig.feed(answer({ source: '10.0.0.8', target: outside, port: 443, t: 5001, outcome: 'refused' }));
    expect(rig.findings).toEqual([]);
    rig.feed(answer({ source: '10.0.0.8', target: outside, port: 443, t: 5002 }));
    expect(rig.alerts).toEqual(['10.0.0.8 null']);
  });
});

describe('new_service', () => {
  const serve = (port: number, t: number, more: object = {}) => answer({ source: '10.0.0.1', target: inside, port, t, ...more });

  it('tells a service that comes after the learning time, once', () => {
    const rig = new RuleRig(newService).feed(serve(22, 0), serve(80, 3599.9), serve(443, 3600), serve(443, 3700), serve(22, 3800));
    expect(rig.findings).toHaveLength(1);
    expect(rig.findings[0]).toMatchObject({ target: `${inside}:443`, observed: { port: 443, transport: 'TCP' } });
    expect(rig.feed(serve(443, 3900, { protocol: UDP })).findings).toHaveLength(2);
  });

  it('does not count ports of clients, refusals and the outside', () => {
    const rig = new RuleRig(newService).feed(
      tick({ t: 0 }),
      serve(49_152, 4000),
      serve(81, 4000, { outcome: 'refused' }),
      serve(80, 4000, { protocol: 1 }),
    );
    rig.feed(answer({ source: inside, target: outside, port: 443, t: 4001 }));
    expect(rig.findings).toEqual([]);
    expect(rig.feed(serve(49_151, 4002)).findings).toHaveLength(1);
  });
});
