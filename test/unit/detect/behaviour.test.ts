import { describe, expect, it } from 'vitest';
import { type BehaviourRecord, BehaviourVectors, MOST_EXACT, MOST_HOSTS } from '../../../src/detect/behaviour.ts';
import type { DetectEvent } from '../../../src/detect/events.ts';
import { addressOf, close, ICMP, isPrivate, open, SECOND, textOf, tick, UDP, volume } from './rule-rig.ts';

const HOST = '10.0.0.1';
const WEB = '198.51.100.7';
/** A whole multiple of ten minutes. */
const BASE = 1_700_000_400;
const WINDOW_NS = 600 * SECOND;

const vectors = (length: { windowSecs?: number } = {}) => new BehaviourVectors({ isInternal: isPrivate, text: textOf, ...length });

/** What one final tick within the first window says. */
function lastOf(...events: readonly DetectEvent[]): BehaviourRecord[] {
  return vectors().add([...events, tick({ t: 60, final: true })], BASE);
}

const briefly = (records: BehaviourRecord[]) => records.map(({ ts, host_ip, total_flows }) => `${ts - BASE} ${host_ip} ${total_flows}`);

/** `10.x.y.z`, a different one for every number below 2^24. */
const numbered = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;

describe('a behaviour vector', () => {
  it('holds the seven features under the names of the host summary', () => {
    const flow = { source: HOST, target: WEB, port: 443 };
    const records = lastOf(
      open({ t: 1, ordinal: 1, ...flow }),
      open({ t: 2, ordinal: 2, ...flow }),
      open({ t: 3, ordinal: 3, source: HOST, target: '10.0.0.53', port: 53, protocol: UDP }),
      open({ t: 4, ordinal: 4, source: HOST, target: '203.0.113.9', port: 443 }),
      volume({ t: 60, ordinal: 1, ...flow, bytesUp: 1000, bytesDown: 90_000 }),
      close({ t: 60, ordinal: 1, ...flow, firstAt: 1 * SECOND, lastAt: 3 * SECOND }),
      volume({ t: 60, ordinal: 2, ...flow, bytesUp: 234, bytesDown: 70_000 }),
      close({ t: 60, ordinal: 2, ...flow, firstAt: 2 * SECOND, lastAt: 10 * SECOND }),
    );
    expect(records).toEqual([
      {
        ts: BASE,
        window_secs: 600,
        host_ip: HOST,
        unique_dest_ips: 3,
        unique_dest_ports: 2,
        // -(3/4 ln 3/4 + 1/4 ln 1/4)
        port_entropy: 0.562335,
        country_frequency: null,
        // 2 s and 8 s: (9 + 9) / (2 - 1)
        flow_duration_variance: 18,
        total_outbound_bytes: 1234,
        total_flows: 4,
        estimated: false,
        partial: true,
      },
    ]);
    expect(Object.keys(records[0])[0]).toBe('ts');
  });

  it('is that of internal hosts which open flows, whoever they open them to', () => {
    const inward = { source: WEB, target: HOST, port: 443 };
    const records = lastOf(
      open({ t: 1, ...inward }),
      volume({ t: 60, ordinal: 1, ...inward, bytesUp: 10, bytesDown: 1e9 }),
      close({ t: 60, ordinal: 1, ...inward, lastAt: 2 * SECOND }),
      open({ t: 3, source: '10.0.0.9', target: HOST, port: 22 }),
    );
    expect(briefly(records)).toEqual(['0 10.0.0.9 1']);
  });

  it('counts no port where the protocol has none, and port 0 where it has', () => {
    const ping = lastOf(open({ t: 1, source: HOST, target: WEB, sourcePort: 0, port: 0, protocol: ICMP, icmpType: 8 }));
    expect(ping[0]).toMatchObject({ unique_dest_ips: 1, unique_dest_ports: 0, port_entropy: 0, total_flows: 1 });
    const zero = lastOf(open({ t: 1, source: HOST, target: WEB, sourcePort: 40_000, port: 0 }));
    expect(zero[0]).toMatchObject({ unique_dest_ports: 1, port_entropy: 0 });
  });

  it('knows no variance before two flows have ended, and 0 when they took equally long', () => {
    const end = (ordinal: number, lastAt: number) => close({ t: 60, ordinal, source: HOST, target: WEB, firstAt: 0, lastAt });
    expect(lastOf(end(1, SECOND))[0].flow_duration_variance).toBeNull();
    expect(lastOf(end(1, SECOND), end(2, SECOND))[0].flow_duration_variance).toBe(0);
    expect(lastOf(end(1, SECOND), end(2, SECOND), end(3, 4 * SECOND))[0].flow_duration_variance).toBe(3);
  });

  it('keeps the peer of a long flow that goes on without a new attempt', () => {
    const upload = { source: HOST, target: WEB, port: 443, bytesUp: 1e6 };
    expect(lastOf(volume({ t: 60, ordinal: 1, ...upload }))[0]).toMatchObject({
      unique_dest_ips: 1,
      unique_dest_ports: 1,
      port_entropy: 0,
      total_outbound_bytes: 1e6,
      total_flows: 0,
    });
  });

  it('orders hosts by address, IPv4 first, whatever order they came in', () => {
    const behaviour = new BehaviourVectors({ isInternal: () => true, text: textOf });
    const sources = ['fd00::2', '192.168.0.1', '2001:db8::1', '10.0.0.10', 'fd00::1', '10.0.0.9'];
    const opens = sources.map((source, i) => open({ t: i, source, target: WEB, port: 80 }));
    const order = behaviour.add([...opens, tick({ t: 60, final: true })], BASE).map(({ host_ip }) => host_ip);
    expect(order).toEqual(['10.0.0.9', '10.0.0.10', '192.168.0.1', '2001:db8::1', 'fd00::1', 'fd00::2']);
  });
});

describe('the windows of behaviour vectors', () => {
  it('begin at whole multiples of ten minutes of the epoch and end exactly', () => {
    const behaviour = vectors();
    const attempt = (at: number) => open({ at, source: HOST, target: WEB, port: 80 });
    expect(behaviour.add([attempt(0), attempt(WINDOW_NS - 1), tick({ at: WINDOW_NS - 1 })], BASE)).toEqual([]);
    const whole = behaviour.add([attempt(WINDOW_NS), tick({ at: WINDOW_NS + 1 })], BASE);
    expect(briefly(whole)).toEqual([`0 ${HOST} 2`]);
    expect(whole[0].partial).toBe(false);
    const rest = behaviour.add([tick({ at: 2 * WINDOW_NS - 1, final: true })], BASE);
    expect(briefly(rest)).toEqual([`600 ${HOST} 1`]);
    expect(rest[0].partial).toBe(true);
  });

  it('say that a window was not seen whole when the capture began within it', () => {
    const behaviour = vectors();
    const attempt = (t: number) => open({ t, source: HOST, target: WEB, port: 80 });
    // 251 s of the first window had passed.
    const first = behaviour.add([attempt(0), attempt(348.999_999_999), tick({ t: 349 })], BASE + 251);
    expect(first).toMatchObject([{ ts: BASE, total_flows: 2, partial: true }]);
    const second = behaviour.add([attempt(349), tick({ t: 949 })], BASE + 251);
    expect(second).toMatchObject([{ ts: BASE + 600, total_flows: 1, partial: false }]);
  });

  it('are whole when the last tick is at their end, and then told once', () => {
    const behaviour = vectors();
    const end = tick({ at: WINDOW_NS, final: true });
    expect(behaviour.add([open({ t: 1, source: HOST, target: WEB }), end], BASE)).toMatchObject([{ partial: false }]);
    expect(behaviour.add([end], BASE)).toEqual([]);
  });

  it('leave out those in which nothing happened', () => {
    const behaviour = vectors();
    const attempt = (t: number) => open({ t, source: HOST, target: WEB });
    const records = behaviour.add([attempt(1), attempt(3601), tick({ t: 9000, final: true })], BASE);
    expect(briefly(records)).toEqual([`0 ${HOST} 1`, `3600 ${HOST} 1`]);
  });

  it('may have another length', () => {
    const behaviour = vectors({ windowSecs: 60 });
    const records = behaviour.add([open({ t: 59, source: HOST, target: WEB }), tick({ t: 60 })], BASE);
    expect(records).toMatchObject([{ ts: BASE, window_secs: 60, partial: false }]);
  });

  it('align before 1970 as well', () => {
    const records = vectors().add([open({ t: 0, source: HOST, target: WEB }), tick({ t: 1, final: true })], -1);
    expect(records).toMatchObject([{ ts: -600 }]);
  });

  it('count what a tick tells at its end where its packets were', () => {
    const behaviour = vectors();
    const flow = { source: HOST, target: WEB, port: 443 };
    const sent = (ordinal: number, t: number, bytesUp: number) => volume({ t, ordinal, ...flow, bytesUp });
    behaviour.add([open({ t: 590, ordinal: 1, ...flow }), tick({ t: 599 })], BASE);
    // The tick from 599 s on; after it the link was silent for a while.
    const first = behaviour.add([sent(1, 605, 70_000), tick({ t: 605 })], BASE);
    expect(first).toMatchObject([{ ts: BASE, total_outbound_bytes: 70_000, partial: false }]);
    const second = behaviour.add([sent(1, 606, 80_000), tick({ t: 606, final: true })], BASE);
    expect(second).toMatchObject([{ ts: BASE + 600, total_outbound_bytes: 80_000 }]);
  });

  it('do not come back when ticks are not in step with them', () => {
    const behaviour = vectors();
    const flow = { source: HOST, target: WEB, port: 443 };
    behaviour.add([open({ t: 590, ordinal: 1, ...flow }), tick({ t: 599.5 })], BASE);
    const first = behaviour.add(
      [open({ t: 600.2, source: WEB, target: HOST }), volume({ t: 601, ordinal: 1, ...flow, bytesUp: 70_000 }), tick({ t: 601 })],
      BASE,
    );
    expect(briefly(first)).toEqual([`0 ${HOST} 1`]);
    expect(behaviour.add([tick({ t: 700, final: true })], BASE)).toMatchObject([{ ts: BASE + 600, total_outbound_bytes: 70_000 }]);
  });

  it('do not give a peer to a host that fell silent before them, but keep its bytes', () => {
    const flow = { source: HOST, target: WEB, port: 53 };
    const endedAt = (lastAt: number) => {
      const behaviour = vectors();
      behaviour.add([tick({ t: 640 })], BASE);
      return behaviour.add(
        [
          volume({ t: 660, ordinal: 1, ...flow, bytesUp: 70_000 }),
          close({ t: 660, ordinal: 1, ...flow, firstAt: 590 * SECOND, lastAt }),
          tick({ t: 660, final: true }),
        ],
        BASE,
      );
    };
    expect(endedAt(WINDOW_NS - 1)).toMatchObject([{ unique_dest_ips: 0, unique_dest_ports: 0, total_outbound_bytes: 70_000 }]);
    expect(endedAt(WINDOW_NS)).toMatchObject([{ unique_dest_ips: 1, unique_dest_ports: 1, total_outbound_bytes: 70_000 }]);
  });
});

describe('the bounds of behaviour vectors', () => {
  const sweep = (peers: number) =>
    Array.from({ length: peers }, (_, i) => open({ t: 1, source: HOST, target: numbered(i + 1000), port: 445 }));
  const scan = (ports: number) => Array.from({ length: ports }, (_, i) => open({ t: 1, source: HOST, target: WEB, port: i + 1 }));
  const within = (value: number, expected: number, share: number) =>
    expect(Math.abs(value / expected - 1), `${value} for ${expected}`).toBeLessThan(share);

  it('count peers exactly up to the limit and estimate beyond', () => {
    expect(lastOf(...sweep(MOST_EXACT), ...sweep(MOST_EXACT))[0]).toMatchObject({ unique_dest_ips: MOST_EXACT, estimated: false });
    const [next] = lastOf(...sweep(MOST_EXACT + 1));
    expect(next.estimated).toBe(true);
    expect(next.unique_dest_ips).toBeGreaterThan(MOST_EXACT);
    const [many] = lastOf(...sweep(50_000), ...sweep(50_000));
    // Three standard errors.
    within(many.unique_dest_ips, 50_000, 0.1);
    expect(many).toMatchObject({ unique_dest_ports: 1, port_entropy: 0, total_flows: 100_000 });
  });

  it('count ports exactly up to the limit; beyond, their entropy stays that of an even spread', () => {
    const [exact] = lastOf(...scan(MOST_EXACT));
    expect(exact).toMatchObject({ unique_dest_ports: MOST_EXACT, port_entropy: Number(Math.log(MOST_EXACT).toFixed(6)), estimated: false });
    const [all] = lastOf(...scan(65_535));
    within(all.unique_dest_ports, 65_535, 0.1);
    within(all.port_entropy, Math.log(65_535), 0.01);
    expect(all).toMatchObject({ unique_dest_ips: 1, estimated: true, total_flows: 65_535 });
  });

  it('estimate earlier when all hosts together have too many peers', () => {
    const behaviour = vectors();
    const events = sweep(MOST_EXACT);
    for (let i = 0; i < 600; i++) {
      const source = addressOf(numbered(i));
      behaviour.add(
        events.map((event) => ({ ...event, source })),
        BASE,
      );
    }
    const records = behaviour.add([tick({ t: 60, final: true })], BASE);
    expect(records).toHaveLength(600);
    // 524,288 keys are shared, and each host has eight of its own.
    const exact = Math.floor(524_288 / (MOST_EXACT - 8));
    expect(records.filter(({ estimated }) => !estimated)).toHaveLength(exact);
    for (const { unique_dest_ips } of records) within(unique_dest_ips, MOST_EXACT, 0.15);
  });

  it('describe so many hosts of a window, count the others, and begin anew with the next', () => {
    const behaviour = vectors();
    const hosts = (count: number, t: number) => Array.from({ length: count }, (_, i) => open({ t, source: numbered(i), target: WEB }));
    behaviour.add([...hosts(MOST_HOSTS, 1), tick({ t: 2 })], BASE);
    expect(behaviour.hostsLeftOut).toBe(0);
    behaviour.add([...hosts(MOST_HOSTS + 3, 3), tick({ t: 4 })], BASE);
    expect(behaviour.hostsLeftOut).toBe(3);
    const records = behaviour.add([tick({ t: 600 })], BASE);
    expect(records).toHaveLength(MOST_HOSTS);
    expect(records.every(({ total_flows }) => total_flows === 2)).toBe(true);
    const late = [...hosts(MOST_HOSTS + 3, 601).slice(-3), tick({ t: 700, final: true })];
    expect(behaviour.add(late, BASE)).toHaveLength(3);
    expect(behaviour.hostsLeftOut).toBe(3);
  });
});
