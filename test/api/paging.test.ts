/** Pages, filters, spellings of MAC addresses, and CSV. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlertPage, FlowPage } from '../../src/api/contract.ts';
import { MACS } from '../support/api-flows.ts';
import { TestApi } from '../support/api-server.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
});
afterAll(async () => {
  await api.server.close();
});

async function allPages(path: string): Promise<string[]> {
  const ids: string[] = [];
  let next: string | null = null;
  do {
    const page: FlowPage = (await api.json(`${path}${next === null ? '' : `&cursor=${encodeURIComponent(next)}`}`)) as FlowPage;
    ids.push(...page.flows.map((flow) => flow.flow_id));
    next = page.next;
  } while (next !== null && ids.length < 10_000);
  return ids;
}

describe('pages', () => {
  it('of stored flows reach every flow once', async () => {
    const ids = await allPages('/api/v1/flows?limit=37');
    expect(ids).toHaveLength(250);
    expect(new Set(ids).size).toBe(250);
  });

  it.each(['last_seen', 'bytes', 'duration'])('of live flows by %s reach every flow once, in order', async (sort) => {
    for (const order of ['asc', 'desc']) {
      const ids = await allPages(`/api/v1/flows?state=live&sort=${sort}&order=${order}&limit=7`);
      expect(ids).toHaveLength(40);
      expect(new Set(ids).size).toBe(40);
    }
    const { flows } = (await api.json('/api/v1/flows?state=live&sort=bytes&limit=1000')) as FlowPage;
    const bytes = flows.map((flow) => flow.bytes);
    expect(bytes).toEqual([...bytes].sort((a, b) => b - a));
  });

  it('have at most as many items as asked for, alerts newest first', async () => {
    const { alerts } = (await api.json('/api/v1/alerts?limit=3')) as AlertPage;
    expect(alerts).toHaveLength(3);
    expect(alerts[0].ts).toBeGreaterThan(alerts[2].ts);
  });
});

describe('filters', () => {
  it('reach the history as it wants them', async () => {
    await api.fetch(
      '/api/v1/flows?mac=F0-18-98-0D-E1-05&address=10.0.0.0/8&port=443&protocol=TCP&host=Example&from=5&sort=bytes&order=asc&limit=9',
    );
    expect(api.sensor.asked.flows).toEqual({
      state: 'ended',
      mac: MACS.laptop,
      address: '10.0.0.0/8',
      port: 443,
      protocol: 'tcp',
      app: null,
      direction: null,
      host: 'Example',
      community_id: null,
      from: 5,
      to: null,
      sort: 'bytes',
      descending: false,
      limit: 9,
      cursor: null,
    });
    await api.fetch('/api/v1/alerts?severity=high&acknowledged=true');
    expect(api.sensor.asked.alerts).toMatchObject({ severity: 'high', acknowledged: true, suppressed: false, kind: null, limit: 100 });
    await api.fetch('/api/v1/devices?sort=mac');
    expect(api.sensor.asked.devices).toMatchObject({ sort: 'mac', descending: false, text: null });
  });

  it('work on live flows', async () => {
    const pageOf = async (filter: string) => ((await api.json(`/api/v1/flows?state=live&limit=1000&${filter}`)) as FlowPage).flows;
    const all = await pageOf('');
    const expected = all.filter((flow) => flow.responder.port === 445);
    expect(expected.length).toBeGreaterThan(0);
    expect(await pageOf('port=445')).toEqual(expected);
    expect(await pageOf('address=192.168.1.10')).toEqual(expected);
    expect(await pageOf('app=smb')).toEqual(expected);
    expect((await pageOf('address=fd00::/8')).every((flow) => flow.initiator.ip.startsWith('fd00:'))).toBe(true);
    expect((await pageOf('host=VIDEO')).every((flow) => flow.host === 'video.example.net')).toBe(true);
    const id = all[0].community_id;
    expect(await pageOf(`community_id=${encodeURIComponent(id)}`)).toEqual([all[0]]);
    expect(await pageOf(`community_id=${id}`)).toEqual([all[0]]);
  });
});

describe('a MAC address', () => {
  it.each(['f0:18:98:0d:e1:05', 'F0:18:98:0D:E1:05', 'f0-18-98-0d-e1-05', 'f018.980d.e105', 'F018980DE105', 'f0:18:98:d:e1:5'])(
    'may be written %s',
    async (spelling) => {
      expect((await api.json(`/api/v1/devices/${spelling}`)).mac).toBe(MACS.laptop);
    },
  );
});

describe('CSV', () => {
  it('by parameter and by Accept, JSON otherwise', async () => {
    const byParameter = await api.fetch('/api/v1/flows?format=csv&limit=5');
    expect(byParameter.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(byParameter.headers.get('content-disposition')).toBe('attachment; filename="flows.csv"');
    expect(byParameter.headers.get('x-next-cursor')).not.toBeNull();
    const lines = (await byParameter.text()).trimEnd().split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[0]).toMatch(/^flow_id,community_id,state,protocol,app,category,initiator_ip,initiator_port,/);
    const byAccept = await api.fetch('/api/v1/devices', { headers: { accept: 'text/csv' } });
    expect(byAccept.headers.get('content-type')).toContain('text/csv');
    const json = await api.fetch('/api/v1/alerts?format=json', { headers: { accept: 'text/csv' } });
    expect(json.headers.get('content-type')).toContain('application/json');
  });

  it('has no cell that a spreadsheet would run', async () => {
    const files = ['/api/v1/flows?format=csv&limit=250', '/api/v1/devices?format=csv', '/api/v1/alerts?format=csv&suppressed=true'];
    for (const path of files) {
      const text = await (await api.fetch(path)).text();
      expect(text).toMatch(/'[=@]/);
      expect(text).not.toMatch(/(?:^|,)"?[=+@]/m);
    }
  });
});
