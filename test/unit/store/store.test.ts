import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AlertQuery } from '../../../src/api/sources.ts';
import { HistoryReader } from '../../../src/store/history-reader.ts';
import { Store } from '../../../src/store/store.ts';
import { allFlows, flowQuery } from '../../support/flow-query.ts';
import { alert, BASE, device, flowRecord, hostIp, hostMac, ROUTER, router, storedFlow, tick } from '../../support/stored-ticks.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

let folder: TemporaryFolder;
let store: Store;
let history: HistoryReader;

beforeEach(() => {
  folder = new TemporaryFolder('store');
  store = Store.open(folder.path);
  history = HistoryReader.open(folder.path);
});

afterEach(() => {
  history.close();
  store.close();
  folder[Symbol.dispose]();
});

const ALERTS: AlertQuery = {
  from: null,
  to: null,
  kind: null,
  severity: null,
  source: null,
  target: null,
  acknowledged: null,
  suppressed: false,
  limit: 10,
  cursor: null,
};
const ALL = { from: null, to: null };

describe('flows', () => {
  test('a later record of a flow takes the place of an earlier one, also within a tick', () => {
    store.writeTick(tick(0, { flows: [storedFlow({ id: 1, interim: 1, bytes: 100 }), storedFlow({ id: 2, bytes: 50 })] }));
    expect(history.flow(flowRecord({ id: 1 }).flow_id)).toMatchObject({ state: 'interim', bytes: 100 });
    store.writeTick(tick(1, { flows: [storedFlow({ id: 1, interim: 2, bytes: 200 }), storedFlow({ id: 1, interim: 3, bytes: 300 })] }));
    store.writeTick(tick(2, { flows: [{ ...storedFlow({ id: 1, bytes: 400 }) }] }));
    const flows = allFlows(history, flowQuery({ sort: 'bytes' }));
    expect(flows.map(({ state, bytes }) => [state, bytes])).toEqual([
      ['ended', 400],
      ['ended', 50],
    ]);
    for (const sort of ['last_seen', 'first_seen', 'packets', 'duration'] as const)
      expect(allFlows(history, flowQuery({ sort }))).toHaveLength(2);
    expect(allFlows(history, flowQuery({ address: hostIp(5) }))).toHaveLength(2);
    expect(allFlows(history, flowQuery({ mac: ROUTER.toUpperCase() }))).toHaveLength(2);
  });

  test('names and places of the ends are those that came with the record', () => {
    const flow = storedFlow({ id: 1 });
    flow.line.initiator.name = 'desk';
    Object.assign(flow.line.responder, { name: 'far', country: 'NO', asn: 'AS64500 Example' });
    store.writeTick(tick(0, { flows: [flow] }));
    expect(history.flows(flowQuery()).flows).toEqual([flow.line]);
  });

  test('addresses of IPv6, and networks of it', () => {
    const flow = storedFlow({ id: 1, server: '2001:db8:1::7' });
    store.writeTick(tick(0, { flows: [flow, storedFlow({ id: 2 })] }));
    for (const address of ['2001:db8:1::7', '2001:db8::/32', '::/0']) {
      expect(allFlows(history, flowQuery({ address })).map(({ flow_id }) => flow_id)).toEqual([flow.record.flow_id]);
    }
    expect(allFlows(history, flowQuery({ address: '0.0.0.0/0' }))).toHaveLength(2);
    expect(allFlows(history, flowQuery({ address: '2001:db8:2::/48' }))).toHaveLength(0);
  });
});

describe('a tick', () => {
  test('is written whole or not at all', () => {
    store.writeTick(tick(0, { devices: [device(5)] }));
    const broken = storedFlow({ id: 2 });
    broken.record.community_id = null as unknown as string;
    const bad = tick(1, { flows: [storedFlow({ id: 1 }), broken], devices: [device(6)], alerts: [alert(1)] });
    expect(() => store.writeTick(bad)).toThrow(expect.objectContaining({ code: 'STORE' }));
    expect(allFlows(history, flowQuery())).toEqual([]);
    expect(store.restore().map(({ mac }) => mac)).toEqual([hostMac(5)]);
    expect(history.alerts(ALERTS).alerts).toEqual([]);
    expect(history.timeSeries({ ...ALL, points: 10 }).points).toHaveLength(1);
    // What memory knew of the lost tick is forgotten: a device that is not there has no peers.
    store.writeTick(tick(1, { flows: [storedFlow({ id: 1, host: 6 })] }));
    expect(allFlows(history, flowQuery())).toHaveLength(1);
  });
});

describe('devices', () => {
  test('come back after a restart with all of their addresses', () => {
    const moved = device(5, {
      ips: ['10.0.0.77'],
      addresses: [{ ip: '10.0.0.77', first_seen: BASE + 9, last_seen: BASE + 9, source: 'dhcp' }],
    });
    store.writeTick(tick(0, { devices: [device(5), router()] }));
    store.writeTick(tick(1, { devices: [moved] }));
    store.close();
    store = Store.open(folder.path);
    const [gate, desk] = store.restore();
    expect(gate).toEqual(router());
    expect(desk).toMatchObject({ mac: hostMac(5), ips: ['10.0.0.77'] });
    expect(desk.addresses.map(({ ip }) => ip)).toEqual(['10.0.0.77', hostIp(5)]);
  });

  test('have peers and protocols, each flow once and each byte once', () => {
    store.writeTick(tick(0, { devices: [router(), device(5)], flows: [storedFlow({ id: 1, interim: 1, bytes: 300, packets: 3 })] }));
    const rest = storedFlow({ id: 1, bytes: 1000, packets: 10, delta: { bytes: 700, packets: 7 } });
    rest.record.interim_seq = 1;
    store.writeTick(tick(1, { flows: [rest, storedFlow({ id: 2, bytes: 50, packets: 1, app: null, server: '203.0.113.9' })] }));
    expect(history.device(hostMac(5).toUpperCase().replaceAll(':', '-'))).toMatchObject({
      hostname: 'host-5',
      peers: [
        { ip: '198.51.100.7', mac: ROUTER, bytes: 1000, flows: 1 },
        { ip: '203.0.113.9', mac: ROUTER, bytes: 50, flows: 1 },
      ],
      protocols: [
        { protocol: 'tls', bytes: 1000, packets: 10, flows: 1 },
        { protocol: 'tcp', bytes: 50, packets: 1, flows: 1 },
      ],
    });
    expect(history.device('02:ff:ff:ff:ff:ff')).toBeNull();
    expect(history.device('nonsense')).toBeNull();
    expect(history.protocols(ALL)).toEqual({
      applications: [
        { protocol: 'tls', flows: 1, packets: 10, bytes: 1000 },
        { protocol: 'unknown', flows: 1, packets: 1, bytes: 50 },
      ],
      transports: [{ protocol: 'tcp', flows: 2, packets: 11, bytes: 1050 }],
    });
  });

  test('are found by any of their texts, and paged in any order', () => {
    const devices = Array.from({ length: 25 }, (_, index) =>
      device(index + 2, { hostname: index % 3 === 0 ? null : `name-${index % 5}`, flows: index % 4 }),
    );
    store.writeTick(tick(0, { devices }));
    for (const sort of ['last_seen', 'bytes', 'flows', 'hostname', 'mac'] as const) {
      for (const descending of [true, false]) {
        const seen: string[] = [];
        let cursor: string | null = null;
        do {
          const page = history.devices({ text: null, sort, descending, limit: 4, cursor });
          seen.push(...page.devices.map(({ mac }) => mac));
          cursor = page.next;
        } while (cursor !== null);
        expect(seen.toSorted()).toEqual(devices.map(({ mac }) => mac).toSorted());
      }
    }
    const found = (text: string) => history.devices({ text, sort: 'mac', descending: false, limit: 50, cursor: null }).devices.length;
    expect([found('EXAMPLE works'), found('10.0.0.7'), found(hostMac(9)), found('100%'), found('linux')]).toEqual([25, 1, 1, 0, 25]);
    expect(history.devices({ text: null, sort: 'mac', descending: false, limit: 1, cursor: null }).devices[0]).not.toHaveProperty('names');
  });

  test('one that talks to thousands keeps the peers of most bytes', () => {
    const flows = Array.from({ length: 3000 }, (_, id) => storedFlow({ id, server: `203.0.${id >> 8}.${id & 255}`, bytes: 100 + id }));
    store.writeTick(tick(0, { devices: [device(5)], flows }));
    expect(
      history
        .device(hostMac(5))
        ?.peers.slice(0, 2)
        .map(({ bytes }) => bytes),
    ).toEqual([3099, 3098]);
    using db = new DatabaseSync(folder.file('weir.db'), { readOnly: true });
    expect(db.prepare('SELECT count(*) AS count FROM device_peers').get()).toEqual({ count: 512 });
  });
});

describe('alerts', () => {
  test('a repeat replaces the record and keeps what was said about it', () => {
    const evidence = { pcap: 'a.pcapng', packets: 3, complete: true };
    store.writeTick(tick(0, { alerts: [{ ...alert(1), evidence }, alert(2)] }));
    const word = { by: 'ada', at: BASE + 5, note: 'a test' };
    expect(store.acknowledge(alert(1).alert_id, word)).toBe(true);
    expect(store.acknowledge('ffffffffffffffff', word)).toBe(false);
    store.writeTick(tick(1, { alerts: [alert(1, { count: 2, last_seen: BASE + 9 })] }));
    expect(history.alert(alert(1).alert_id)).toEqual({ ...alert(1, { count: 2, last_seen: BASE + 9 }), evidence, acknowledged: word });
    expect(store.acknowledge(alert(1).alert_id, null)).toBe(true);
    expect(history.alert(alert(1).alert_id)?.acknowledged).toBeNull();
    expect(history.alert('ffffffffffffffff')).toBeNull();
  });

  test('are filtered, and paged newest first', () => {
    const severities = ['info', 'low', 'medium', 'high', 'critical'] as const;
    const alerts = Array.from({ length: 30 }, (_, index) =>
      alert(index, { severity: severities[index % 5], ts: BASE + Math.floor(index / 7), suppressed: index % 10 === 0 }),
    );
    store.writeTick(tick(0, { alerts }));
    store.acknowledge(alerts[3].alert_id, { by: 'ada', at: BASE, note: null });
    const pages = (fields: Partial<AlertQuery>): string[] => {
      const ids: string[] = [];
      let cursor: string | null = null;
      do {
        const page = history.alerts({ ...ALERTS, limit: 4, ...fields, cursor });
        ids.push(...page.alerts.map(({ alert_id }) => alert_id));
        cursor = page.next;
      } while (cursor !== null);
      return ids;
    };
    const ids = (keep: (index: number) => boolean) =>
      alerts
        .filter((_, index) => keep(index))
        .map(({ alert_id }) => alert_id)
        .toReversed();
    expect(pages({ suppressed: true })).toEqual(ids(() => true));
    expect(pages({})).toEqual(ids((index) => index % 10 !== 0));
    expect(pages({ severity: 'high' })).toEqual(ids((index) => index % 5 >= 3));
    expect(pages({ acknowledged: true })).toEqual([alerts[3].alert_id]);
    expect(pages({ acknowledged: false, source: hostIp(3) })).toEqual([]);
    expect(pages({ from: BASE + 1, to: BASE + 2 })).toEqual(ids((index) => index >= 7 && index < 14 && index % 10 !== 0));
    expect(pages({ kind: 'port_sweep' })).toEqual([]);
    expect(() => pages({ limit: 1 }) && history.alerts({ ...ALERTS, cursor: 'zzzz' })).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

test('changes that people made are noted', () => {
  store.audit(BASE, 'ada', 'acknowledged', 'alert 1');
  using db = new DatabaseSync(folder.file('weir.db'), { readOnly: true });
  expect(db.prepare('SELECT at, who, action, detail FROM audit').all()).toEqual([
    { at: BASE, who: 'ada', action: 'acknowledged', detail: 'alert 1' },
  ]);
});

test('a backup taken while ticks are written opens as a store', async () => {
  store.writeTick(tick(0, { flows: [storedFlow({ id: 1 })], devices: [device(5)] }));
  const copy = new TemporaryFolder('backup');
  const done = store.backup(copy.file('weir.db'));
  store.writeTick(tick(1, { flows: [storedFlow({ id: 2 })] }));
  await done;
  expect(existsSync(copy.file('weir.db.partial'))).toBe(false);
  const again = Store.open(copy.path);
  const reader = HistoryReader.open(copy.path);
  expect(allFlows(reader, flowQuery()).length).toBeGreaterThanOrEqual(1);
  expect(again.restore()).toHaveLength(1);
  reader.close();
  again.close();
  copy[Symbol.dispose]();
  await expect(store.backup('/nonexistent/weir.db')).rejects.toThrow(expect.objectContaining({ code: 'STORE' }));
});
