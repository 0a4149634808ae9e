import { describe, expect, it } from 'vitest';
import { Inventory } from '../../../src/discovery/inventory.ts';
import { SensorError } from '../../../src/errors.ts';
import { join } from '../../support/app/steady.ts';
import { flowRecord } from '../../support/discovery/flows.ts';
import * as F from '../../support/discovery/frames.ts';

const station = (n: number) => `00:0c:29:${[n >> 16, (n >> 8) & 255, n & 255].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
const claim = (inventory: Inventory, n: number, at: number) =>
  inventory.observeFrame(F.tapFrame(F.arpFrame(1, station(n), `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`), at));
const talk = (inventory: Inventory, n: number, at: number) =>
  inventory.observeFlow(flowRecord({ fromMac: station(n), from: '10.9.9.9', toMac: 'ff:ff:ff:ff:ff:ff', back: 0, at }));
const macs = (inventory: Inventory) =>
  inventory
    .devices()
    .map(({ mac }) => mac)
    .toSorted();

describe('changes', () => {
  it('are what was observed since the last time, once', () => {
    const inventory = new Inventory();
    claim(inventory, 1, F.AT);
    claim(inventory, 2, F.AT);
    claim(inventory, 1, F.AT);
    expect(inventory.takeChanges().map(({ device, isNew }) => [device.mac, isNew])).toEqual([
      [station(1), true],
      [station(2), true],
    ]);
    expect(inventory.takeChanges()).toEqual([]);
    talk(inventory, 2, F.AT + 1);
    expect(inventory.takeChanges()).toMatchObject([{ isNew: false, device: { mac: station(2), flows: 1, last_seen: F.AT + 1 } }]);
  });

  it('include who lost an address to another', () => {
    const inventory = new Inventory();
    claim(inventory, 1, F.AT);
    inventory.takeChanges();
    inventory.observeFrame(F.tapFrame(F.arpFrame(1, station(7), '10.0.0.1'), F.AT + 5));
    expect(inventory.takeChanges()).toMatchObject([
      { device: { mac: station(1), ips: [] } },
      { device: { mac: station(7), ips: ['10.0.0.1'] } },
    ]);
  });
});

describe('floods', () => {
  it('of one protocol are read up to 2,000 frames a second, and counted; other protocols go on', () => {
    const inventory = new Inventory();
    for (let n = 0; n < 5000; n++) claim(inventory, n, F.AT + n / 10_000);
    inventory.observeFrame(F.tapFrame(F.mdnsFrame()));
    expect(inventory.size).toBe(2001);
    expect(inventory.counters).toMatchObject({ skipped: 3000, evicted: 0 });
    claim(inventory, 6000, F.AT + 1);
    expect(inventory.size).toBe(2002);
  });

  it('of changes are told in turn', () => {
    const inventory = new Inventory();
    for (let n = 0; n < 5; n++) claim(inventory, n, F.AT);
    const taken = () => inventory.takeChanges(2).map(({ device }) => device.mac);
    expect(taken()).toEqual([station(0), station(1)]);
    claim(inventory, 0, F.AT);
    expect([taken(), taken(), taken()]).toEqual([[station(2), station(3)], [station(4), station(0)], []]);
  });
});

describe('limits', () => {
  it('the least recently seen of the silent goes first, then of all; a silent newcomer is refused', () => {
    const inventory = new Inventory({ maxDevices: 3 });
    claim(inventory, 1, F.AT);
    talk(inventory, 2, F.AT + 1);
    talk(inventory, 3, F.AT + 2);
    talk(inventory, 2, F.AT + 3);
    claim(inventory, 4, F.AT + 4);
    expect(macs(inventory)).toEqual([station(1), station(2), station(4)]);
    claim(inventory, 5, F.AT + 5);
    expect(macs(inventory)).toEqual([station(1), station(4), station(5)]);
    expect(inventory.counters).toMatchObject({ evicted: 2, refused: 0 });
    talk(inventory, 6, F.AT + 6);
    expect(macs(inventory)).toEqual([station(1), station(4), station(5)]);
    expect(inventory.counters).toMatchObject({ evicted: 2, refused: 1 });
    claim(inventory, 7, F.AT + 7);
    expect(macs(inventory)).toEqual([station(4), station(5), station(7)]);
    expect(inventory.counters).toMatchObject({ evicted: 3, refused: 1 });
  });

  it('what was evicted is reported no more, frees its addresses, and is new when it comes back', () => {
    const inventory = new Inventory({ maxDevices: 1 });
    claim(inventory, 1, F.AT);
    claim(inventory, 2, F.AT);
    expect(inventory.takeChanges()).toMatchObject([{ device: { mac: station(2) }, isNew: true }]);
    claim(inventory, 1, F.AT + 1);
    expect(inventory.takeChanges()).toMatchObject([{ device: { mac: station(1), first_seen: F.AT + 1, ips: ['10.0.0.1'] }, isNew: true }]);
  });

  it('hold under a flood of made-up stations', () => {
    const inventory = new Inventory();
    for (let n = 0; n < 30_000; n++) claim(inventory, n, F.AT + n / 1000);
    expect(inventory.size).toBe(10_000);
    expect(inventory.counters.evicted).toBe(20_000);
    expect(inventory.counters.skipped).toBe(0);
  });

  it('of addresses, names and services of one device: the latest are kept', () => {
    const inventory = new Inventory();
    for (let n = 0; n < 300; n++) {
      inventory.observeFrame(F.tapFrame(F.arpFrame(1, F.PI, `10.0.${n >> 8}.${n & 255}`), F.AT + n));
      const name = `host-${String(n).padStart(3, '0')}`;
      inventory.observeFrame(F.tapFrame(F.dhcpRequestFrame(F.dhcpPayload(1, join([53, 1, 3, 12, name.length], name))), F.AT + n));
      const alive = F.SSDP_ALIVE.replace('MediaServer:1\r\nUSN', `Thing${n}:1\r\nUSN`);
      inventory.observeFrame(F.tapFrame(F.ssdpFrame(alive), F.AT + n));
    }
    const device = inventory.device(F.PI);
    expect(device?.ips).toHaveLength(16);
    expect(device?.addresses).toHaveLength(64);
    expect(device?.names).toHaveLength(32);
    expect(device?.services).toHaveLength(64);
    expect(device?.hostname).toBe('host-299');
    expect(device?.ips).toContain('10.0.1.43');
    expect(device?.addresses.map(({ ip }) => ip)).not.toContain('10.0.0.1');
  });

  it('of peers and protocols: those of most bytes, and the rest together', () => {
    const inventory = new Inventory();
    for (let n = 0; n < 200; n++) {
      const app = { protocol: `p${n}`, master: null, category: 'x', confidence: 'dpi', source: 'builtin' } as const;
      inventory.observeFlow(flowRecord({ to: `10.7.0.${n}`, toMac: F.OTHER, out: n + 1, back: 0 }, { app }));
    }
    const device = inventory.device(F.PI);
    expect(device?.peers).toHaveLength(50);
    expect(device?.peers[0]).toMatchObject({ ip: '10.7.0.199', bytes: 20_000 });
    expect(device?.protocols).toHaveLength(32);
    expect(device?.protocols.reduce((sum, { flows }) => sum + flows, 0)).toBe(200);
    expect(device?.protocols[0].protocol).toBe('other');
  });

  it('of peers and protocols: none where somebody else keeps them, and everything else as ever', () => {
    const [full, lean] = [new Inventory(), new Inventory({ peers: false })];
    for (const inventory of [full, lean]) inventory.observeFlow(flowRecord({ to: '10.7.0.1', toMac: F.OTHER }));
    expect(full.device(F.PI)?.peers).toHaveLength(1);
    expect(lean.devices()).toEqual(full.devices().map((device) => ({ ...device, peers: [], protocols: [] })));
  });
});

it('an address that was silent for a day while the device was seen is history', () => {
  const inventory = new Inventory();
  inventory.observeFrame(F.tapFrame(F.arpFrame(1, F.PI, '192.168.1.10')));
  inventory.observeFrame(F.tapFrame(F.arpFrame(1, F.PI, '192.168.1.11'), F.AT + 90_000));
  expect(inventory.device(F.PI)).toMatchObject({ ips: ['192.168.1.11'], addresses: [{ ip: '192.168.1.11' }, { ip: '192.168.1.10' }] });
});

describe('a restart', () => {
  it('goes on with all that was known', () => {
    const first = new Inventory();
    const frames = [
      F.arpFrame(1, F.PI, '192.168.1.10', '192.168.1.1', 7),
      F.dhcpRequestFrame(),
      F.mdnsFrame(),
      F.lldpFrame(),
      F.ssdpFrame(),
    ];
    for (const frame of frames) first.observeFrame(F.tapFrame(frame));
    const agent = 'Mozilla/5.0 (X11; Linux x86_64) Firefox/120.0';
    first.observeFlow(flowRecord({}, { http: { user_agent: agent } as never, host: 'www.example.org' }));
    const stored = JSON.parse(JSON.stringify(first.devices())) as ReturnType<Inventory['devices']>;

    const second = new Inventory();
    second.restore(stored);
    const byMac = (inventory: Inventory) => inventory.devices().toSorted((a, b) => (a.mac < b.mac ? -1 : 1));
    expect(byMac(second)).toEqual(byMac(first));
    expect(second.takeChanges()).toEqual([]);
    second.observeFlow(flowRecord({ at: F.AT + 10 }));
    expect(second.device(F.PI)).toMatchObject({
      first_seen: first.device(F.PI)?.first_seen,
      last_seen: F.AT + 10,
      flows: 2,
      bytes_out: 800,
    });
    expect(second.takeChanges().map(({ isNew }) => isNew)).toEqual([false, false]);
  });

  it('keeps who has which address, and lets better knowledge replace what was stored', () => {
    const first = new Inventory();
    first.observeFrame(F.tapFrame(F.arpFrame(1, F.PI, '192.168.1.10')));
    first.observeFlow(flowRecord({}, { os_a: { label: 'Linux', confidence: 0.9 } }));
    const second = new Inventory();
    second.restore(first.devices());
    second.observeFlow(flowRecord({}, { os_a: { label: 'FreeBSD', confidence: 0.9 } }));
    expect(second.device(F.PI)?.os).toBe('FreeBSD');
    second.observeFrame(F.tapFrame(F.arpFrame(1, F.OTHER, '192.168.1.10')));
    expect(second.device(F.PI)?.ips).toEqual([]);
  });

  it('keeps the most recently seen when there are more than it may hold', () => {
    const first = new Inventory();
    for (let n = 0; n < 20; n++) claim(first, n, F.AT + n);
    const second = new Inventory({ maxDevices: 5 });
    second.restore(first.devices());
    expect(macs(second)).toEqual([15, 16, 17, 18, 19].map(station));
  });
});

it('refuses networks that are none', () => {
  expect(() => new Inventory({ internalNetworks: ['10.0.0.0/99'] })).toThrow(SensorError);
});
