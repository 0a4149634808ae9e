import { describe, expect, it } from 'vitest';
import { Inventory } from '../../../src/discovery/inventory.ts';
import type { FlowRecord } from '../../../src/flow/record.ts';
import { flowRecord } from '../../support/discovery/flows.ts';
import { AT, arpFrame, lldpFrame, OTHER, PI, tapFrame } from '../../support/discovery/frames.ts';

const LAN = '00:0c:29:aa:00:01';
const app = (protocol: string, confidence = 'dpi') =>
  ({ protocol, master: null, category: 'web', confidence, source: 'builtin' }) as FlowRecord['app'];

function observed(...records: FlowRecord[]): Inventory {
  const inventory = new Inventory();
  for (const record of records) inventory.observeFlow(record);
  return inventory;
}

describe('volumes', () => {
  it('count at both ends, as each sees them', () => {
    const inventory = observed(flowRecord({ out: 4, back: 3 }));
    expect(inventory.device(PI)).toMatchObject({
      bytes_out: 400,
      bytes_in: 300,
      packets_out: 4,
      packets_in: 3,
      flows: 1,
      ips: ['192.168.1.10'],
    });
    expect(inventory.device(OTHER)).toMatchObject({ bytes_out: 300, bytes_in: 400, packets_out: 3, packets_in: 4, flows: 1 });
  });

  it('of interim records and the final one add up to the totals, as one flow', () => {
    const delta = (packets: number) => ({ packets_a_to_b: packets, packets_b_to_a: 0, bytes_a_to_b: 100 * packets, bytes_b_to_a: 0 });
    const inventory = observed(
      flowRecord({ out: 2, back: 0 }, { record: 'interim', interim_seq: 1, delta: delta(2) }),
      flowRecord({ out: 5, back: 0 }, { record: 'interim', interim_seq: 2, delta: delta(3) }),
      flowRecord({ out: 6, back: 0 }, { record: 'final', interim_seq: 2, delta: delta(1) }),
    );
    const device = inventory.device(PI);
    expect(device).toMatchObject({ bytes_out: 600, packets_out: 6, flows: 1 });
    expect(device?.peers).toEqual([{ ip: '192.168.1.20', mac: null, name: null, country: null, bytes: 600, flows: 1 }]);
    expect(device?.protocols).toEqual([{ protocol: 'tcp', flows: 1, packets: 6, bytes: 600 }]);
  });

  it('of tunnels count inside; addresses inside belong to nobody on this link', () => {
    const tunnel = { type: 'gre', id: null, parent: null } as const;
    const inventory = observed(
      flowRecord({}, { tunnel: { ...tunnel, role: 'outer' } }),
      flowRecord({ from: '10.99.0.1', to: '10.99.0.2' }, { tunnel: { ...tunnel, role: 'inner' } }),
    );
    expect(inventory.device(PI)).toMatchObject({ bytes_out: 400, flows: 1, ips: [] });
  });
});

describe('who is a device', () => {
  it('not groups, nor who has never sent anything', () => {
    const inventory = observed(
      flowRecord({ to: '224.0.0.251', toMac: '01:00:5e:00:00:fb', back: 0 }),
      flowRecord({ to: '192.168.1.255', toMac: 'ff:ff:ff:ff:ff:ff', back: 0 }),
      flowRecord({ to: '192.168.1.99', toMac: LAN, back: 0 }),
    );
    expect(inventory.devices().map(({ mac }) => mac)).toEqual([PI]);
    // A group is no peer either, but its traffic has a protocol.
    expect(inventory.device(PI)?.peers.map(({ ip }) => ip)).toEqual(['192.168.1.99']);
    expect(inventory.device(PI)?.protocols).toMatchObject([{ flows: 3 }]);
  });
});

describe('gateways', () => {
  it('with 10,000 addresses behind them are routers without those addresses', () => {
    const inventory = new Inventory();
    for (let n = 0; n < 10_000; n++) {
      inventory.observeFlow(flowRecord({ to: `198.51.${n >> 8}.${n & 255}`, toMac: LAN, at: AT + n / 100 }));
    }
    inventory.observeFrame(tapFrame(arpFrame(2, LAN, '192.168.1.1')));
    expect(inventory.size).toBe(2);
    const gateway = inventory.device(LAN);
    expect(gateway).toMatchObject({ kind: 'router', ips: ['192.168.1.1'], flows: 10_000 });
    expect(gateway?.addresses).toHaveLength(1);
    expect(gateway?.peers.map(({ ip }) => ip)).toEqual(['192.168.1.10']);
    expect(inventory.device(PI)).toMatchObject({ kind: 'device', ips: ['192.168.1.10'] });
    expect(inventory.device(PI)?.peers).toHaveLength(50);
  });

  it('towards other internal networks too, and devices there keep their addresses', () => {
    const inventory = new Inventory();
    inventory.observeFrame(tapFrame(arpFrame(1, PI, '10.0.0.5')));
    for (let n = 0; n < 100; n++) inventory.observeFlow(flowRecord({ from: `10.1.0.${n}`, fromMac: LAN, to: '192.168.1.20' }));
    // The same packets on both sides of the router: here 10.0.0.5 is behind it.
    inventory.observeFlow(flowRecord({ from: '10.0.0.5', fromMac: LAN, to: '192.168.1.20' }));
    expect(inventory.device(LAN)).toMatchObject({ kind: 'router', ips: [], addresses: [] });
    expect(inventory.device(PI)?.ips).toEqual(['10.0.0.5']);
  });

  it('keep what they claimed; what is said behind them is not theirs', () => {
    const inventory = new Inventory();
    inventory.observeFrame(tapFrame(arpFrame(2, LAN, '192.168.1.1')));
    for (let n = 1; n < 6; n++) {
      const http = { user_agent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) Mobile/15E148' } as FlowRecord['http'];
      inventory.observeFlow(flowRecord({ from: `203.0.113.${n}`, fromMac: LAN }, { http, os_a: { label: 'Windows', confidence: 0.9 } }));
    }
    expect(inventory.device(LAN)).toMatchObject({ kind: 'router', ips: ['192.168.1.1'], os: null, model: null, user_agents: [] });
  });

  it('a host with many addresses of one IPv6 network is none', () => {
    const inventory = new Inventory();
    for (let n = 0; n < 30; n++) inventory.observeFlow(flowRecord({ from: `2001:db8:1:2::${n.toString(16)}` }));
    expect(inventory.device(PI)).toMatchObject({ kind: 'device' });
  });
});

describe('systems and services', () => {
  it('by user agent, SSH banner and SYN, the surest first', () => {
    const syn = { os_a: { label: 'Linux 4.20 or newer', confidence: 0.85 } };
    const inventory = observed(flowRecord({}, syn));
    expect(inventory.device(PI)?.os).toBe('Linux 4.20 or newer');
    inventory.observeFlow(flowRecord({}, { ssh: { client: 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2' } as FlowRecord['ssh'] }));
    expect(inventory.device(PI)?.os).toBe('Debian');
    const agent = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 Version/17.2 Mobile/15E148 Safari/604.1';
    inventory.observeFlow(flowRecord({}, { http: { user_agent: agent } as FlowRecord['http'] }));
    inventory.observeFlow(flowRecord({}, syn));
    expect(inventory.device(PI)).toMatchObject({ os: 'iOS 17.2', model: 'iPhone', user_agents: [agent] });
    inventory.observeFrame(tapFrame(lldpFrame()));
    expect(inventory.device(PI)?.os).toBe('ExampleOS 4.2 on a switch');
  });

  it('does not trust a faint likeness', () => {
    expect(observed(flowRecord({}, { os_a: { label: 'BeOS', confidence: 0.2 } })).device(PI)?.os).toBeNull();
  });

  it('a server offers what its flows were proved to be, on ports of services', () => {
    const inventory = observed(
      flowRecord({ toPort: 22 }, { app: app('ssh') }),
      flowRecord({ toPort: 25 }, { app: app('smtp', 'port') }),
      flowRecord({ toPort: 50_001 }, { app: app('http') }),
      flowRecord({ toPort: 80, back: 0 }, { app: app('http') }),
    );
    expect(inventory.device(OTHER)?.services).toEqual([{ name: 'ssh', port: 22, protocol: 'tcp', source: 'flow' }]);
    expect(inventory.device(PI)?.services).toEqual([]);
  });

  it('peers have the name that the client asked for, else the device’s own, and a country', () => {
    const inventory = new Inventory({ country: (ip) => (ip === '203.0.113.9' ? 'SE' : 'Local') });
    inventory.observeFrame(tapFrame(lldpFrame({ from: OTHER, name: 'srv' })));
    inventory.observeFrame(tapFrame(arpFrame(1, OTHER, '192.168.1.20')));
    inventory.observeFlow(flowRecord({ to: '203.0.113.9', toMac: LAN, out: 9 }, { host: 'www.example.org', app: app('tls') }));
    inventory.observeFlow(flowRecord({}));
    expect(inventory.device(PI)?.peers).toEqual([
      { ip: '203.0.113.9', mac: null, name: 'www.example.org', country: 'SE', bytes: 1200, flows: 1 },
      { ip: '192.168.1.20', mac: OTHER, name: 'srv', country: 'Local', bytes: 700, flows: 1 },
    ]);
    expect(inventory.device(LAN)?.peers).toMatchObject([{ ip: '192.168.1.10', mac: PI, name: null }]);
  });
});
