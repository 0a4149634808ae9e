/** Who asks for many addresses by ARP, and whose address moves. */
import { describe, expect, it } from 'vitest';
import type { DetectEvent } from '../../../src/detect/events.ts';
import { arpScan } from '../../../src/detect/rules/arp-scan.ts';
import { arpSpoof } from '../../../src/detect/rules/arp-spoof.ts';
import { arp, RuleRig, SECOND, tick } from './rule-rig.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);
const end = (t: number) => tick({ t, final: true });
const attacker = { mac: '02:00:00:00:00:66', sender: '10.0.0.66' };
const station = (i: number) => ({ mac: `02:00:00:00:01:${i.toString(16).padStart(2, '0')}`, sender: `10.0.1.${i}` });

describe('arp_scan', () => {
  const ask = (i: number, t: number, more: object = {}) => arp({ ...attacker, target: `10.0.1.${i}`, t, ...more });
  const found = (...events: readonly DetectEvent[]) => new RuleRig(arpScan).feed(...events, end(999)).findings;

  it('needs 20 addresses that nobody has', () => {
    expect(found(...numbers(19).map((i) => ask(i, i * 0.1)))).toEqual([]);
    const findings = found(...numbers(20).map((i) => ask(i, i * 0.1)));
    expect(findings).toHaveLength(1);
    expect(findings[0]).toMatchObject({ source: attacker.sender, observed: { addresses: 20, mac: attacker.mac }, firstAt: 0, flows: [] });
  });

  it('leaves out what is exactly as old as the window', () => {
    const last = (at: number) => found(...numbers(19).map((i) => ask(i, 0)), ask(19, 0, { at })).length;
    expect(last(30 * SECOND - 1)).toBe(1);
    expect(last(30 * SECOND)).toBe(0);
  });

  it('does not count addresses that answer, or have spoken before, unless told to', () => {
    const known = numbers(60).map((i) => arp({ ...station(i), target: '10.0.0.1', t: i * 0.001 }));
    const asked = numbers(60).flatMap((i) => [ask(i, 10 + i * 0.1)]);
    expect(found(...known, ...asked)).toEqual([]);
    const answered = numbers(60).flatMap((i) => [ask(i, i), arp({ ...station(i), operation: 2, target: attacker.sender, t: i + 1 })]);
    expect(found(...answered)).toEqual([]);
    expect(new RuleRig(arpScan, { failed_only: 0 }).feed(...known, ...asked).alerts).toEqual([attacker.mac]);
  });

  it('counts announcements and probes for one address as none', () => {
    const announcements = numbers(60).map((i) => arp({ mac: attacker.mac, sender: `10.0.2.${i}`, t: i * 0.1 }));
    const probes = numbers(60).map((i) => arp({ mac: station(i).mac, sender: '0.0.0.0', target: `10.0.3.${i}`, t: 6 + i * 0.1 }));
    expect(found(...announcements, ...probes)).toEqual([]);
  });

  it('names a scanner without an address by its MAC', () => {
    const findings = found(...numbers(20).map((i) => ask(i, i * 0.1, { senderAddress: '\0\0\0\0', sender: '0.0.0.0' })));
    expect(findings.map(({ source }) => source)).toEqual([attacker.mac]);
  });
});

describe('arp_spoof', () => {
  const gateway = { mac: '02:00:00:00:00:01', sender: '10.0.0.1' };
  const claim = (mac: string, t: number, sender = gateway.sender) => arp({ operation: 2, mac, sender, target: '10.0.0.9', t });
  const asks = (stations: number) => numbers(stations).map((i) => arp({ ...station(i), target: gateway.sender, t: i * 0.01 }));
  const found = (...events: readonly DetectEvent[]) =>
    new RuleRig(arpSpoof).feed(...events).findings.map(({ severity = 'critical', observed }) => `${severity} ${observed.changes}`);

  it('only notes a plain change', () => {
    expect(found(claim(gateway.mac, 0), claim(gateway.mac, 1))).toEqual([]);
    expect(found(claim(gateway.mac, 0), claim(attacker.mac, 1), claim(attacker.mac, 2))).toEqual(['info 1']);
  });

  it('is critical when the address of the gateway moves, which three stations ask for', () => {
    expect(found(...asks(2), claim(gateway.mac, 1), claim(attacker.mac, 2))).toEqual(['info 1']);
    const rig = new RuleRig(arpSpoof).feed(...asks(3), claim(gateway.mac, 1), claim(attacker.mac, 2));
    expect(rig.findings).toHaveLength(1);
    expect(rig.findings[0]).toMatchObject({
      source: attacker.mac,
      target: gateway.sender,
      observed: { gateway: 'yes', from: gateway.mac },
    });
    expect(rig.findings[0].severity).toBeUndefined();
    expect(found(...asks(9), claim(gateway.mac, 1, '10.0.0.7'), claim(attacker.mac, 2, '10.0.0.7'))).toEqual(['info 1']);
  });

  it('is critical when an address goes back and forth within 60 s', () => {
    const back = (at: number) => found(claim(gateway.mac, 0), claim(attacker.mac, 1), { ...claim(gateway.mac, 0), at });
    expect(back(61 * SECOND - 1)).toEqual(['info 1', 'critical 2']);
    expect(back(61 * SECOND)).toEqual(['info 1', 'info 1']);
    expect(found(claim(gateway.mac, 0), claim(attacker.mac, 1), claim(station(3).mac, 2))).toEqual(['info 1', 'info 2']);
  });

  it('keeps notes out of the alert of an attack', () => {
    const rig = new RuleRig(arpSpoof).feed(...numbers(10).map((i) => claim([gateway.mac, attacker.mac][i % 2], i)));
    expect(rig.alerts).toEqual(['10.0.0.1 note', '10.0.0.1 attack']);
  });

  it.each(['00:00:5e:00:01:07', '00:00:5e:00:02:07', '00:00:0c:07:ac:01', '00:00:0c:9f:f0:01', '00:07:b4:00:01:01'])(
    'only notes the virtual router %s',
    (mac) => {
      expect(found(...asks(5), claim(gateway.mac, 0), claim(mac, 1), claim(gateway.mac, 2))).toEqual(['info 1', 'info 2']);
    },
  );

  it('takes no probe, group or empty MAC for a claim', () => {
    const macs = ['ff:ff:ff:ff:ff:ff', '01:00:5e:00:00:01', '00:00:00:00:00:00'];
    expect(found(claim(gateway.mac, 0), ...macs.map((mac, i) => claim(mac, i + 1)))).toEqual([]);
    expect(found(claim(gateway.mac, 0, '0.0.0.0'), claim(attacker.mac, 1, '0.0.0.0'))).toEqual([]);
  });
});
