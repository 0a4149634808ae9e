/** Every answer against its schema, the OpenAPI document, and what bad parameters are told. */
import { Validator } from '@seriousme/openapi-schema-validator';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Problem } from '../../src/api/contract.ts';
import { NAMED_SCHEMAS, type SchemaName } from '../../src/api/named-schemas.ts';
import { MACS, sampleFlow } from '../support/api-flows.ts';
import { TestApi } from '../support/api-server.ts';

let api: TestApi;
beforeAll(async () => {
  api = await TestApi.start();
  api.sensor.tick();
});
afterAll(async () => {
  await api.server.close();
});

const stored = sampleFlow(3).flow_id;
const alert = 'a1e4700000000000';

/** What does not fit, as one line each; empty when it fits. */
function misfits(name: SchemaName, answer: unknown): string[] {
  return Value.Errors(NAMED_SCHEMAS[name], answer).map((error) => `${error.instancePath} ${error.message}`);
}

describe('answers', () => {
  it.each<[SchemaName, string]>([
    ['Stats', '/api/v1/stats'],
    ['DevicePage', '/api/v1/devices'],
    ['DevicePage', '/api/v1/devices?text=disk&sort=hostname&order=desc&limit=1'],
    ['DeviceDetail', `/api/v1/devices/${MACS.nas}`],
    ['FlowPage', `/api/v1/devices/${MACS.laptop}/flows`],
    ['FlowPage', '/api/v1/flows'],
    ['FlowPage', '/api/v1/flows?state=live&sort=bytes&limit=10'],
    ['FlowDetail', `/api/v1/flows/${stored}`],
    ['FlowDetail', `/api/v1/flows/${sampleFlow(1005).flow_id}`],
    ['AlertPage', '/api/v1/alerts?severity=low&acknowledged=false&suppressed=true'],
    ['AlertDetail', `/api/v1/alerts/${alert}`],
    ['Topology', '/api/v1/topology?by=network&limit=3'],
    ['TimeSeries', '/api/v1/timeseries?points=10'],
    ['Protocols', '/api/v1/protocols?from=1700000000&to=1700000100'],
    ['Accounting', '/api/v1/accounting'],
    ['PacketPage', '/api/v1/packets?limit=5&before=200'],
    ['PacketDetail', '/api/v1/packets/200'],
    ['Config', '/api/v1/config'],
    ['Health', '/api/v1/health'],
    ['Session', '/api/v1/session'],
    ['Chart', '/chart/data.json'],
  ])('%s: %s', async (name, path) => {
    const response = await api.fetch(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(misfits(name, await response.json())).toEqual([]);
  });

  it('the check itself sees what does not fit', async () => {
    const stats = await api.json('/api/v1/stats');
    expect(misfits('Stats', { ...stats, devices: -1 })).not.toEqual([]);
  });

  it('every link of the chart has both its nodes', async () => {
    const chart = (await api.json('/chart/data.json')) as { nodes: { id: string }[]; links: { source: string; target: string }[] };
    const ids = new Set(chart.nodes.map(({ id }) => id));
    expect(chart.links.length).toBeGreaterThan(0);
    expect(chart.links.every(({ source, target }) => ids.has(source) && ids.has(target))).toBe(true);
  });

  it('a ticket', async () => {
    const response = await api.fetch('/api/v1/ws-ticket', { method: 'POST' });
    expect(misfits('Ticket', await response.json())).toEqual([]);
  });

  it('health in one word', async () => {
    const response = await api.fetch('/health');
    expect([response.status, await response.text()]).toEqual([200, 'UP']);
  });

  it('files of packets', async () => {
    const flow = await api.fetch(`/api/v1/flows/${stored}/pcap`);
    expect(flow.headers.get('content-disposition')).toBe(`attachment; filename="flow-${stored}.pcapng"`);
    expect([flow.headers.get('x-weir-complete'), flow.headers.get('x-weir-packets')]).toEqual(['false', '9']);
    expect(new Uint8Array(await flow.arrayBuffer())).toEqual(Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a));
    const evidence = await api.fetch(`/api/v1/alerts/${alert}/pcap`);
    expect(evidence.headers.get('content-type')).toBe('application/x-pcapng');
  });
});

describe('the OpenAPI document', () => {
  it('validates, and names every route', async () => {
    const document = await api.json('/api/v1/openapi.json');
    const result = await new Validator().validate(structuredClone(document));
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    const paths = Object.keys(document.paths as object);
    expect(paths).toContain('/api/v1/flows/{id}/pcap');
    expect(paths).toContain('/api/v1/alerts/{id}/acknowledge');
    expect(paths.length).toBeGreaterThanOrEqual(24);
    const { parameters } = (document.paths as Record<string, { get: { parameters: { name: string; required: boolean }[] } }>)[
      '/api/v1/flows'
    ].get;
    expect(parameters.filter(({ required }) => required)).toEqual([]);
    const schemas = Object.keys((document.components as { schemas: object }).schemas);
    expect(schemas).toEqual(expect.arrayContaining(Object.keys(NAMED_SCHEMAS)));
  });

  it('is shown without a script and without anything from elsewhere', async () => {
    const response = await api.fetch('/docs');
    const page = await response.text();
    expect(page).toContain('GET /api/v1/devices/{mac}');
    expect(page).not.toMatch(/<script|<style|style=|https?:\/\//);
    expect((await api.fetch('/docs/style.css')).headers.get('content-type')).toContain('text/css');
  });
});

describe('refusals', () => {
  it.each<[string, RegExp]>([
    ['/api/v1/flows?limit=0', /^parameter 'limit' is '0'; allowed is a whole number from 1 to 1000$/],
    ['/api/v1/flows?limit=1001', /'limit' is '1001'.*from 1 to 1000/],
    ['/api/v1/flows?limit=abc', /'limit' is 'abc'.*from 1 to 1000/],
    ['/api/v1/alerts?limit=1.5', /'limit' is '1.5'.*from 1 to 1000/],
    ['/api/v1/alerts?limit=5&limit=6', /'limit' is '\["5","6"\]'/],
    ['/api/v1/devices?sort=colour', /'sort' is 'colour'; allowed is one of last_seen, bytes, flows, hostname, mac/],
    ['/api/v1/devices?prot=tcp', /unknown parameter 'prot'; known are text, sort, order, limit, cursor, format/],
    ['/api/v1/flows?address=10.0.0.0/33', /'address' is '10.0.0.0\/33'; allowed is an IP address, or a network/],
    ['/api/v1/flows?port=70000', /'port' is '70000'; allowed is a whole number from 0 to 65535/],
    ['/api/v1/flows?mac=nonsense', /'mac' is 'nonsense'; allowed is a MAC address/],
    ['/api/v1/flows?cursor=%00', /'cursor' is .*allowed is a cursor that the page before gave/],
    ['/api/v1/flows?cursor=nowhere', /cursor 'nowhere' belongs to no page/],
    ['/api/v1/flows?state=live&cursor=nowhere', /'cursor' is 'nowhere'/],
    ['/api/v1/flows?from=20&to=10', /'from' is '20'; allowed is at most 'to', 10/],
    ['/api/v1/alerts?acknowledged=perhaps', /'acknowledged' is 'perhaps'; allowed is true or false/],
    ['/api/v1/topology?by=colour', /one of device, network/],
    ['/api/v1/packets/0', /path parameter 'ordinal' is '0'; allowed is a whole number from 1/],
    ['/api/v1/devices/zz:zz', /'mac' is 'zz:zz'; allowed is a MAC address/],
  ])('400: %s', async (path, message) => {
    const response = await api.fetch(path);
    const body = (await response.json()) as { error: string; message: string };
    expect([response.status, body.error]).toEqual([400, 'bad_request']);
    expect(body.message).toMatch(message);
    expect(Value.Check(Problem, body)).toBe(true);
  });

  it.each([
    [404, '/api/v1/devices/00:00:00:00:00:01'],
    [404, '/api/v1/devices/00:00:00:00:00:01/flows'],
    [404, '/api/v1/flows/0123456789abcdef'],
    [404, '/api/v1/flows/0123456789abcdef/pcap'],
    [404, '/api/v1/alerts/0123456789abcdef'],
    [404, '/api/v1/alerts/a1e4700000000001/pcap'],
    [404, '/api/v1/nothing'],
    [404, '/api/v1/packets/5000'],
    [410, '/api/v1/packets/7'],
  ])('%i: %s', async (status, path) => {
    const response = await api.fetch(path);
    expect(response.status).toBe(status);
    expect(Value.Check(Problem, await response.json())).toBe(true);
  });

  it('503 as long as there was no tick', async () => {
    await using early = await TestApi.start();
    expect((await early.fetch('/api/v1/stats')).status).toBe(503);
    expect((await early.fetch('/api/v1/accounting')).status).toBe(503);
  });

  it('503 when the sensor does not answer in time, and DOWN', async () => {
    await using silent = await TestApi.start({ limits: { sourceTimeoutMs: 50 } });
    silent.sensor.live.config = () => new Promise(() => {});
    silent.sensor.live.health = () => Promise.reject(new Error('gone'));
    expect((await silent.fetch('/api/v1/config')).status).toBe(503);
    const health = await silent.fetch('/health');
    expect([health.status, await health.text()]).toEqual([503, 'DOWN']);
  });

  it('500 says nothing of what went wrong inside, and the log does', async () => {
    await using broken = await TestApi.start();
    broken.sensor.live.config = () => Promise.reject(new Error('secret detail'));
    const response = await broken.fetch('/api/v1/config');
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(broken.log.filter(({ level }) => level === 'error')).toHaveLength(1);
  });
});
