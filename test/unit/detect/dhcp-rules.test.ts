/** Who asks DHCP servers too often, and how many do at once. */
import { describe, expect, it } from 'vitest';
import type { DetectEvent } from '../../../src/detect/events.ts';
import { dhcpFlood } from '../../../src/detect/rules/dhcp-flood.ts';
import { dhcp, RuleRig, SECOND } from './rule-rig.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const MAC = '02:00:00:00:00:66';
const macOf = (i: number) => `02:00:00:01:${(i >> 8).toString(16).padStart(2, '0')}:${(i & 255).toString(16).padStart(2, '0')}`;
const found = (...events: readonly DetectEvent[]) => new RuleRig(dhcpFlood).feed(...events).findings;

describe('dhcp_flood of one station', () => {
  const messages = (count: number) => numbers(count).map((i) => dhcp({ mac: MAC, t: i * 0.01 }));

  it('needs 100 messages', () => {
    expect(found(...messages(99))).toEqual([]);
    const findings = found(...messages(100));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ source: MAC, target: null, observed: { messages: 100 }, firstAt: 0, at: 0.99 * SECOND });
    expect(findings[0].flows).toHaveLength(1);
  });

  it('leaves out what is exactly as old as the window', () => {
    const last = (at: number) => found(...numbers(99).map(() => dhcp({ mac: MAC, t: 0 })), dhcp({ mac: MAC, at })).length;
    expect(last(30 * SECOND - 1)).toBe(1);
    expect(last(30 * SECOND)).toBe(0);
  });

  it('is one whatever its addresses are, and is told again as the same', () => {
    const wandering = numbers(150).map((i) => dhcp({ mac: MAC, source: `10.0.1.${i}`, target: `10.0.2.${i}`, t: i * 0.01 }));
    const rig = new RuleRig(dhcpFlood).feed(...wandering);
    expect(rig.findings).toHaveLength(51);
    expect(new Set(rig.findings.map(({ key }) => key))).toEqual(new Set([`station ${MAC}`]));
  });

  it('is known by its address where frames have none', () => {
    const findings = found(...numbers(100).map((i) => dhcp({ mac: null, source: 'fe80::7', target: 'ff02::1:2', port: 547, t: i * 0.01 })));
    expect(findings.map(({ source }) => source)).toEqual(['fe80::7']);
  });
});

describe('dhcp_flood of many stations', () => {
  const stations = (count: number) => numbers(count).map((i) => dhcp({ mac: macOf(i), t: i * 0.01 }));

  it('needs 200 of them', () => {
    expect(found(...stations(199))).toEqual([]);
    const findings = found(...stations(200));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ source: null, target: null, observed: { stations: 200 }, firstAt: 0, key: 'stations' });
  });

  it('leaves out who was heard last exactly a window ago', () => {
    const last = (at: number) => found(...numbers(199).map((i) => dhcp({ mac: macOf(i), t: 0 })), dhcp({ mac: MAC, at })).length;
    expect(last(30 * SECOND - 1)).toBe(1);
    expect(last(30 * SECOND)).toBe(0);
  });

  it('does not mind an office that comes back: 150 stations, four messages each', () => {
    const asked = numbers(150).flatMap((i) => numbers(4).map((k) => dhcp({ mac: macOf(i), t: k * 4 + i * 0.01 })));
    expect(found(...asked.sort((a, b) => a.at - b.at))).toEqual([]);
  });
});
