import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import type { AlertQuery } from '../../../src/api/sources.ts';
import { HistoryReader } from '../../../src/store/history-reader.ts';
import { Store } from '../../../src/store/store.ts';
import { allFlows, flowQuery } from '../../support/flow-query.ts';
import { keptHistory } from '../../support/kept-history.ts';
import { alert, BASE, device, flowRecord, hostIp, hostMac, ROUTER, router, storedFlow, tick } from '../../support/stored-ticks.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';

const kept = keptHistory('store');

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
    kept.store.writeTick(tick(0, { flows: [storedFlow({ id: 1, interim: 1, bytes: 100 }), storedFlow({ id: 2, bytes: 50 })] }));
    expect(kept.history.flow(flowRecord({ id: 1 }).flow_id)).toMatchObject({ state: 'interim', bytes: 100 });
    kept.store.writeTick(
      tick(1, { flows: [storedFlow({ id: 1, interim: 2, bytes: 200 }), storedFlow({ id: 1, interim: 3, bytes: 300 })] }),
    );
    kept.store.writeTick(tick(2, { flows: [storedFlow({ id: 1, interims: 3, bytes: 400 })] }));
    const flows = allFlows(kept.history, flowQuery({ sort: 'bytes' }));
    expect(flows.map(({ state, bytes }) => [state, bytes])).toEqual([
      ['ended', 400],
      ['ended', 50],
    ]);
    for (const sort of ['last_seen', 'first_seen', 'packets', 'duration'] as const)
      expect(allFlows(kept.history, flowQuery({ sort }))).toHaveLength(2);
    expect(allFlows(kept.history, flowQuery({ address: hostIp(5) }))).toHaveLength(2);
    expect(allFlows(kept.history, flowQuery({ mac: ROUTER.toUpperCase() }))).toHaveLength(2);
  });

  test('also when the earlier one is sorted in, and when a capture is replayed again', () => {
    const ids = Array.from({ length: 5000 }, (_, id) => id);
    kept.store.writeTick(tick(0, { flows: ids.map((id) => storedFlow({ id, interim: 1 })) }));
    const finals = ids.map((id) => storedFlow({ id, interims: 1, bytes: 7000 + id }));
    kept.store.writeTick(tick(1, { flows: finals.slice(0, 100) }));
    const states = () => allFlows(kept.history, flowQuery({ sort: 'bytes', limit: 1000 })).map(({ state }) => state);
    expect(states().filter((state) => state === 'ended')).toHaveLength(100);
    expect(states()).toHaveLength(5000);
    kept.store.writeTick(tick(2, { flows: [storedFlow({ id: 9000, bytes: 1 }), storedFlow({ id: 9001 })] }));
    kept.store.writeTick(tick(2, { flows: [storedFlow({ id: 9000, bytes: 2 })] }));
    expect(allFlows(kept.history, flowQuery({ sort: 'bytes', descending: false, limit: 1000 }))[0].bytes).toBe(2);
    expect(states()).toHaveLength(5002);
  });

  test('names and places of the ends are those that came with the record', () => {
    const flow = storedFlow({ id: 1 });
    flow.line.initiator.name = 'desk';
    Object.assign(flow.line.responder, { name: 'far', country: 'NO', asn: 'AS64500 Example' });
    kept.store.writeTick(tick(0, { flows: [flow] }));
    expect(kept.history.flows(flowQuery()).flows).toEqual([flow.line]);
  });

  test('addresses of IPv6, and networks of it', () => {
    const flow = storedFlow({ id: 1, server: '2001:db8:1::7' });
    kept.store.writeTick(tick(0, { flows: [flow, storedFlow({ id: 2 })] }));
    for (const address of ['2001:db8:1::7', '2001:db8::/32', '::/0']) {
      expect(allFlows(kept.history, flowQuery({ address })).map(({ flow_id }) => flow_id)).toEqual([flow.record.flow_id]);
    }
    expect(allFlows(kept.history, flowQuery({ address: '0.0.0.0/0' }))).toHaveLength(2);
    expect(allFlows(kept.history, flowQuery({ address: '2001:db8:2::/48' }))).toHaveLength(0);
  });
});

describe('a tick', () => {
  test('is written whole or not at all', () => {
    kept.store.writeTick(tick(0, { devices: [device(5)] }));
    const broken = storedFlow({ id: 2 });
    broken.record.community_id = null as unknown as string;
    const bad = tick(1, { flows: [storedFlow({ id: 1 }), broken], devices: [device(6)], alerts: [alert(1)] });
    expect(() => kept.store.writeTick(bad)).toThrow(expect.objectContaining({ code: 'STORE' }));
    expect(allFlows(kept.history, flowQuery())).toEqual([]);
    expect(kept.store.restore().map(({ mac }) => mac)).toEqual([hostMac(5)]);
    expect(kept.history.alerts(ALERTS).alerts).toEqual([]);
    expect(kept.history.timeSeries({ ...ALL, points: 10 }).points).toHaveLength(1);
    // What memory knew of the lost tick is forgotten: a device that is not there has no peers.
    kept.store.writeTick(tick(1, { flows: [storedFlow({ id: 1, host: 6 })] }));
    expect(allFlows(kept.history, flowQuery())).toHaveLength(1);
  });
});

describe('devices', () => {
  test('come back after a restart with all of their addresses', () => {
    const moved = device(5, {
      ips: ['10.0.0.77'],
      addresses: [{ ip: '10.0.0.77', first_seen: BASE + 9, last_seen: BASE + 9, source: 'dhcp' }],
    });
    kept.store.writeTick(tick(0, { devices: [device(5), router()] }));
    kept.store.writeTick(tick(1, { devices: [moved] }));
    kept.store.close();
    kept.store = Store.open(kept.folder.path);
    const [gate, desk] = kept.store.restore();
    expect(gate).toEqual(router());
    expect(desk).toMatchObject({ mac: hostMac(5), ips: ['10.0.0.77'] });
    expect(desk.addresses.map(({ ip }) => ip)).toEqual(['10.0.0.77', hostIp(5)]);
  });

  test('have peers and protocols, each flow once and each byte once', () => {
    kept.store.writeTick(tick(0, { devices: [router(), device(5)], flows: [storedFlow({ id: 1, interim: 1, bytes: 300, packets: 3 })] }));
    const rest = storedFlow({ id: 1, interims: 1, bytes: 1000, packets: 10, delta: { bytes: 700, packets: 7 } });
    kept.store.writeTick(tick(1, { flows: [rest, storedFlow({ id: 2, bytes: 50, packets: 1, app: null, server: '203.0.113.9' })] }));
    expect(kept.history.device(hostMac(5).toUpperCase().replaceAll(':', '-'))).toMatchObject({
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
    expect(kept.history.device('02:ff:ff:ff:ff:ff')).toBeNull();
    expect(kept.history.device('nonsense')).toBeNull();
    expect(kept.history.protocols(ALL)).toEqual({
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
    kept.store.writeTick(tick(0, { devices }));
    for (const sort of ['last_seen', 'bytes', 'flows', 'hostname', 'mac'] as const) {
      for (const descending of [true, false]) {
        const seen: string[] = [];
        let cursor: string | null = null;
        do {
          const page = kept.history.devices({ text: null, sort, descending, limit: 4, cursor });
          seen.push(...page.devices.map(({ mac }) => mac));
          cursor = page.next;
        } while (cursor !== null);
        expect(seen.toSorted()).toEqual(devices.map(({ mac }) => mac).toSorted());
      }
    }
    const found = (text: string) => kept.history.devices({ text, sort: 'mac', descending: false, limit: 50, cursor: null }).devices.length;
    expect([found('EXAMPLE works'), found('10.0.0.7'), found(hostMac(9)), found('100%'), found('linux')]).toEqual([25, 1, 1, 0, 25]);
    expect(kept.history.devices({ text: null, sort: 'mac', descending: false, limit: 1, cursor: null }).devices[0]).not.toHaveProperty(
      'names',
    );
  });

  test('one that talks to thousands keeps the peers of most bytes', () => {
    const flows = Array.from({ length: 3000 }, (_, id) => storedFlow({ id, server: `203.0.${id >> 8}.${id & 255}`, bytes: 100 + id }));
    kept.store.writeTick(tick(0, { devices: [device(5)], flows }));
    expect(
      kept.history
        .device(hostMac(5))
        ?.peers.slice(0, 2)
        .map(({ bytes }) => bytes),
    ).toEqual([3099, 3098]);
    using db = new DatabaseSync(kept.folder.file('weir.db'), { readOnly: true });
    expect(db.prepare('SELECT count(*) AS count FROM device_peers').get()).toEqual({ count: 512 });
  });
});

describe('alerts', () => {
  test('a repeat replaces the record and keeps what was said about it', () => {
    const evidence = { pcap: 'a.pcapng', packets: 3, complete: true };
    kept.store.writeTick(tick(0, { alerts: [{ ...alert(1), evidence }, alert(2)] }));
    const word = { by: 'ada', at: BASE + 5, note: 'a test' };
    expect(kept.store.acknowledge(alert(1).alert_id, word)).toBe(true);
    expect(kept.store.acknowledge('ffffffffffffffff', word)).toBe(false);
    kept.store.writeTick(tick(1, { alerts: [alert(1, { count: 2, last_seen: BASE + 9 })] }));
    expect(kept.history.alert(alert(1).alert_id)).toEqual({ ...alert(1, { count: 2, last_seen: BASE + 9 }), evidence, acknowledged: word });
    expect(kept.store.acknowledge(alert(1).alert_id, null)).toBe(true);
    expect(kept.history.alert(alert(1).alert_id)?.acknowledged).toBeNull();
    expect(kept.history.alert('ffffffffffffffff')).toBeNull();
  });

  test('are filtered, and paged newest first', () => {
    const severities = ['info', 'low', 'medium', 'high', 'critical'] as const;
    const alerts = Array.from({ length: 30 }, (_, index) =>
      alert(index, { severity: severities[index % 5], ts: BASE + Math.floor(index / 7), suppressed: index % 10 === 0 }),
    );
    kept.store.writeTick(tick(0, { alerts }));
    kept.store.acknowledge(alerts[3].alert_id, { by: 'ada', at: BASE, note: null });
    const pages = (fields: Partial<AlertQuery>): string[] => {
      const ids: string[] = [];
      let cursor: string | null = null;
      do {
        const page = kept.history.alerts({ ...ALERTS, limit: 4, ...fields, cursor });
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
    expect(() => pages({ limit: 1 }) && kept.history.alerts({ ...ALERTS, cursor: 'zzzz' })).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    );
  });
});

test('changes that people made are noted', () => {
  kept.store.audit(BASE, 'ada', 'acknowledged', 'alert 1');
  using db = new DatabaseSync(kept.folder.file('weir.db'), { readOnly: true });
  expect(db.prepare('SELECT at, who, action, detail FROM audit').all()).toEqual([
    { at: BASE, who: 'ada', action: 'acknowledged', detail: 'alert 1' },
  ]);
});

test('a backup taken while ticks are written opens as a store', async () => {
  kept.store.writeTick(tick(0, { flows: [storedFlow({ id: 1 })], devices: [device(5)] }));
  const copy = new TemporaryFolder('backup');
  const done = kept.store.backup(copy.file('weir.db'));
  kept.store.writeTick(tick(1, { flows: [storedFlow({ id: 2 })] }));
  await done;
  expect(existsSync(copy.file('weir.db.partial'))).toBe(false);
  const again = Store.open(copy.path);
  const reader = HistoryReader.open(copy.path);
  expect(allFlows(reader, flowQuery()).length).toBeGreaterThanOrEqual(1);
  expect(again.restore()).toHaveLength(1);
  reader.close();
  again.close();
  copy[Symbol.dispose]();
  await expect(kept.store.backup('/nonexistent/weir.db')).rejects.toThrow(expect.objectContaining({ code: 'STORE' }));
});
