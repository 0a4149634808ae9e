/** Scans, fast and slow, of ports and of hosts; and the work that looks like them. */
import { describe, expect, it } from 'vitest';
import type { DetectEvent } from '../../../src/detect/events.ts';
import { horizontalScan } from '../../../src/detect/rules/horizontal-scan.ts';
import { icmpSweep } from '../../../src/detect/rules/icmp-sweep.ts';
import { portScan } from '../../../src/detect/rules/port-scan.ts';
import { SCAN_RULES } from '../../../src/detect/rules/scan-rules.ts';
import { slowScan } from '../../../src/detect/rules/slow-scan.ts';
import { udpScan } from '../../../src/detect/rules/udp-scan.ts';
import { verticalScan } from '../../../src/detect/rules/vertical-scan.ts';
import { answer, ICMP, open, RuleRig, SECOND, tick, UDP } from './rule-rig.ts';

const scanner = '10.0.0.66';
const victim = '10.0.0.2';
const host = (i: number) => `10.1.${i >> 8}.${i & 255}`;
const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const end = (t: number) => tick({ t, final: true });

const toPort = (i: number, t: number, more: object = {}) => open({ source: scanner, target: victim, port: 1 + i, t, ...more });
const toHost = (i: number, t: number, more: object = {}) => open({ source: scanner, target: host(i), port: 445, t, ...more });

/** An attempt and what answers it 10 ms later. */
const exchange = (
  words: { source: string; target: string; t: number; port?: number; sourcePort?: number; protocol?: number },
  more = {},
) => [open(words), answer({ ...words, t: words.t + 0.01, ...more })];

const portCases = [
  { rule: portScan, most: 25, seconds: 10, probe: toPort },
  { rule: verticalScan, most: 25, seconds: 10, probe: toPort },
  {
    rule: udpScan,
    most: 25,
    seconds: 60,
    probe: (i: number, t: number, more: object = {}) => toPort(i, t, { protocol: UDP, sourcePort: 50_000, ...more }),
  },
];
const hostCases = [
  { rule: portScan, most: 10, seconds: 10, probe: toHost },
  { rule: horizontalScan, most: 10, seconds: 10, probe: toHost },
  {
    rule: udpScan,
    most: 50,
    seconds: 60,
    probe: (i: number, t: number, more: object = {}) => toHost(i, t, { protocol: UDP, sourcePort: 50_000, ...more }),
  },
  {
    rule: icmpSweep,
    most: 20,
    seconds: 30,
    probe: (i: number, t: number, more: object = {}) => toHost(i, t, { protocol: ICMP, port: 0, sourcePort: 0, icmpType: 8, ...more }),
  },
];

describe.each([...portCases.map((one) => ({ ...one, what: 'ports' })), ...hostCases.map((one) => ({ ...one, what: 'hosts' }))])(
  '$rule.kind over $what',
  ({ rule, most, seconds, probe, what }) => {
    const scan = (count: number, more: object = {}, settings: Record<string, number> = {}) =>
      new RuleRig(rule, settings).feed(...numbers(count).map((i) => probe(i, i * 0.1, more)), end(99));

    it('needs the whole threshold', () => {
      expect(scan(most - 1).findings).toEqual([]);
      const { findings } = scan(most);
      expect(findings).toHaveLength(1);
      expect(findings[0]).toMatchObject({ source: scanner, observed: { [what]: most }, threshold: { [what]: most }, firstAt: 0 });
      expect(findings[0].at).toBe(Math.round((most - 1) * 0.1 * SECOND));
      expect(findings[0].flows).toHaveLength(Math.min(most, 20));
      expect(findings[0].flows.at(-1)).toEqual(expect.objectContaining({ sourcePort: probe(0, 0).sourcePort }));
      expect(findings[0].flows[0]).not.toHaveProperty('at');
    });

    it('counts each member once, however often it is tried', () => {
      const rig = new RuleRig(rule).feed(
        ...numbers(4 * most).map((i) => probe(i % (most - 1), i * 0.01, { sourcePort: 1024 + i })),
        end(99),
      );
      expect(rig.findings).toEqual([]);
    });

    it('leaves out what is exactly as old as the window', () => {
      const last = (at: number) =>
        new RuleRig(rule).feed(...numbers(most - 1).map((i) => probe(i, 0)), probe(most - 1, 0, { at }), end(99)).findings.length;
      expect(last(seconds * SECOND - 1)).toBe(1);
      expect(last(seconds * SECOND)).toBe(0);
    });

    it('counts refused contacts as failed ones, at the time of the attempt', () => {
      const rig = new RuleRig(rule);
      for (const i of numbers(most)) {
        const probed = probe(i, i * 0.1);
        rig.feed(probed, { ...probed, type: 'answer', at: probed.at + 5, outcome: 'refused', attemptAt: null });
      }
      expect(rig.findings).toHaveLength(1);
      expect(rig.findings[0].at).toBe(Math.round((most - 1) * 0.1 * SECOND));
    });

    it('does not count contacts that are answered, unless told to', () => {
      const answered = (settings: Record<string, number>) => {
        const rig = new RuleRig(rule, settings);
        for (const i of numbers(most)) {
          const probed = probe(i, i * 0.1);
          rig.feed(probed, { ...probed, type: 'answer', at: probed.at + SECOND, outcome: 'accepted', attemptAt: null });
        }
        return rig.feed(end(99)).findings.length;
      };
      expect(answered({})).toBe(0);
      expect(answered({ failed_only: 0 })).toBe(1);
    });

    it('does not count what the flow table refused', () => {
      expect(scan(4 * most, { tracked: false }).findings).toEqual([]);
    });

    it('repeats under one key', () => {
      const rig = scan(4 * most);
      expect(rig.findings.length).toBeGreaterThan(1);
      expect(rig.alerts).toEqual([scanner]);
    });
  },
);

describe('all rules about scans together', () => {
  const kinds = (...events: readonly DetectEvent[]) =>
    SCAN_RULES.flatMap((rule) => new RuleRig(rule).feed(...events).alerts.map(() => rule.kind));

  it('give a vertical scan two alerts, and a horizontal one', () => {
    expect(kinds(...numbers(1000).map((i) => toPort(i, i * 0.005)), end(99))).toEqual(['port_scan', 'vertical_scan']);
    expect(kinds(...numbers(254).map((i) => toHost(i, i * 0.02)), end(99))).toEqual(['port_scan', 'horizontal_scan']);
  });

  it('give UDP scans, sweeps and slow scans one', () => {
    expect(kinds(...numbers(150).map((i) => toPort(7 * i, i * 0.05, { protocol: UDP, sourcePort: 50_000 })), end(99))).toEqual([
      'udp_scan',
    ]);
    expect(kinds(...numbers(200).map((i) => toHost(i, i * 0.02, { protocol: ICMP, port: 0, icmpType: 8 })), end(99))).toEqual([
      'icmp_sweep',
    ]);
    expect(kinds(...numbers(60).map((i) => toPort(i, i * 20)), end(9999))).toEqual(['slow_scan']);
    expect(kinds(...numbers(400).map((i) => toPort(i, i * 0.5)), end(9999))).toEqual(['slow_scan']);
  });

  const silent: [string, readonly DetectEvent[]][] = [
    [
      'answers of a DNS server to 1,000 clients',
      numbers(1000).map((i) => open({ source: victim, sourcePort: 53, target: host(i), port: 20_000 + i, protocol: UDP, t: i * 0.005 })),
    ],
    [
      'questions of 1,000 clients to a DNS server',
      numbers(1000).flatMap((i) => exchange({ source: host(i), target: victim, port: 53, protocol: UDP, t: i * 0.02 })),
    ],
    [
      'a browser that opens 60 sites, 5 of which are dead',
      numbers(60).flatMap((i) => {
        const words = { source: scanner, sourcePort: 40_000 + i, target: `93.184.1.${i}`, port: 443, t: i * 0.05 };
        return i % 12 === 0 ? [open(words)] : exchange(words);
      }),
    ],
    [
      'a monitor that polls 300 hosts, 30 of which are down',
      numbers(3 * 300).flatMap((i) => {
        const words = { source: scanner, sourcePort: 1024 + i, target: host(i % 300), port: 9100, t: Math.floor(i / 300) * 60 + i * 0.02 };
        return i % 10 === 0 ? [open(words)] : exchange(words);
      }),
    ],
    [
      'a peer-to-peer client, most of whose peers are gone',
      numbers(400).flatMap((i) => {
        const words = {
          source: scanner,
          sourcePort: 1024 + i,
          target: `198.${i % 200}.7.9`,
          port: 5000 + ((i * 7919) % 50_000),
          t: i * 0.1,
        };
        return i % 3 === 0 ? exchange(words) : [open(words)];
      }),
    ],
    [
      'a UDP node of a distributed hash table, most of whose nodes are gone',
      numbers(400).flatMap((i) => {
        const words = { source: scanner, sourcePort: 6881, target: `198.${i % 200}.7.9`, port: 6881, protocol: UDP, t: i * 0.1 };
        return i % 3 === 0 ? exchange(words) : [open(words)];
      }),
    ],
    [
      'a traceroute by UDP',
      numbers(90).map((i) => open({ source: scanner, target: '192.0.2.9', port: 33_434 + i, protocol: UDP, t: i * 0.2 })),
    ],
    [
      'announcements to groups',
      numbers(100).map((i) => open({ source: scanner, target: '239.255.255.250', port: 1900 + i, protocol: UDP, t: i * 0.1 })),
    ],
    [
      'pings of a monitor, a tenth of them unanswered',
      numbers(300).flatMap((i) => {
        const words = { source: scanner, target: host(i), protocol: ICMP, sourcePort: 0, icmpType: 8, t: i * 0.05 };
        return i % 10 === 0 ? [open(words)] : exchange(words);
      }),
    ],
    ['a full flow table', numbers(3000).map((i) => open({ source: scanner, target: host(i), port: i, tracked: false, t: i * 0.001 }))],
  ];
  it.each(silent)('are silent about %s', (_, events) => {
    const ordered = [...events].sort((a, b) => a.at - b.at);
    expect(kinds(...ordered, end(999))).toEqual([]);
  });
});

describe('slow_scan', () => {
  const probes = (count: number, more: object = {}) => numbers(count).map((i) => toPort(i, i * 20, more));
  const found = (...events: readonly DetectEvent[]) => new RuleRig(slowScan).feed(...events, end(99_999)).findings;

  it('needs 15 failed contacts', () => {
    expect(found(...probes(14))).toEqual([]);
    const findings = found(...probes(15));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ source: scanner, target: victim, observed: { contacts: 15, hosts: 1, ports: 15 }, firstAt: 0 });
  });

  it('forgets a contact after exactly 30 minutes', () => {
    const last = (at: number) => found(...probes(14), toPort(14, 0, { at })).length;
    expect(last(1800 * SECOND - 1)).toBe(1);
    expect(last(1800 * SECOND)).toBe(0);
  });

  it('counts first contacts only', () => {
    expect(found(...numbers(300).map((i) => toPort(i % 14, i * 5, { sourcePort: 1024 + i })))).toEqual([]);
  });

  it('walks back with every first contact that succeeds', () => {
    const mixed = (every: number) =>
      found(
        ...numbers(60).flatMap((i) => {
          const words = { source: scanner, target: victim, port: 1 + i, t: i * 20 };
          return i % every === 0 ? exchange(words) : [open(words)];
        }),
      ).length;
    expect(mixed(2)).toBe(0);
    expect(mixed(6)).toBeGreaterThan(0);
  });

  it('leaves scans to the other rules that they find, and those of less than a minute', () => {
    expect(found(...numbers(2000).map((i) => toPort(i, i * 0.1)))).toEqual([]);
    expect(found(...numbers(24).map((i) => toPort(i, i * 2.4)))).toEqual([]);
    expect(found(...numbers(26).map((i) => toPort(i, i * 2.4)))).toHaveLength(1);
  });

  it('remembers a slow scan through a scan of 65,536 hosts and a flood from 100,000 sources', () => {
    const rig = new RuleRig(slowScan);
    const spoofed = (i: number) => `${11 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.7`;
    rig.feed(...probes(10));
    for (let i = 0; i < 65_536; i++)
      rig.feed(open({ source: '10.9.9.9', sourcePort: 1024 + (i & 0x7fff), target: host(i), port: 22, at: 200 * SECOND + i * 100_000 }));
    for (let i = 0; i < 100_000; i++)
      rig.feed(open({ source: spoofed(i), target: '10.0.0.80', port: 80 + (i & 1023), at: 210 * SECOND + i * 100_000 }));
    rig.feed(...numbers(5).map((i) => toPort(10 + i, 230 + i * 20)), end(9999));
    expect(rig.findings.map(({ source }) => source)).toEqual([scanner]);
  });
});

describe('port_scan', () => {
  it('finds a scan of 65,536 hosts in 6.5 s, and another scanner beside it', () => {
    const rig = new RuleRig(portScan);
    for (let i = 0; i < 65_536; i++) {
      rig.feed(open({ source: '10.9.9.9', sourcePort: 1024 + (i & 0x7fff), target: host(i), port: 22, at: i * 100_000 }));
      if (i % 2000 === 0) rig.feed(toPort(i / 2000, i * 0.0001));
    }
    expect(rig.feed(end(99)).alerts.sort()).toEqual([scanner, '10.9.9.9']);
  });

  it('finds a scan of whose ports some are open', () => {
    const rig = new RuleRig(portScan);
    for (const i of numbers(40))
      rig.feed(...(i % 8 === 0 ? exchange({ source: scanner, target: victim, port: 1 + i, t: i * 0.1 }) : [toPort(i, i * 0.1)]));
    expect(rig.feed(end(99)).alerts).toEqual([scanner]);
  });
});

describe('icmp_sweep', () => {
  it('is about requests only', () => {
    const sweep = (icmpType: number, protocol = ICMP) =>
      new RuleRig(icmpSweep).feed(...numbers(40).map((i) => toHost(i, i * 0.1, { protocol, port: 0, icmpType })), end(99)).alerts.length;
    expect([sweep(8), sweep(13), sweep(128, 58)]).toEqual([1, 1, 1]);
    expect([sweep(3), sweep(0), sweep(135, 58), sweep(8, UDP)]).toEqual([0, 0, 0, 0]);
  });
});

describe('udp_scan of one port outside', () => {
  const tries = (port: number, target: (i: number) => string) =>
    new RuleRig(udpScan).feed(
      ...numbers(50).map((i) => open({ source: '10.0.0.9', target: target(i), port, sourcePort: 50_000, protocol: UDP, t: i * 0.1 })),
      end(99),
    ).findings[0]?.severity;

  it('is low for a high port, as peer-to-peer programs try dead nodes, and medium otherwise', () => {
    expect(tries(6346, (i) => `198.51.100.${i + 1}`)).toBe('low');
    expect(tries(161, (i) => `198.51.100.${i + 1}`)).toBe('medium');
    expect(tries(6346, (i) => `10.1.0.${i + 1}`)).toBe('medium');
  });
});
