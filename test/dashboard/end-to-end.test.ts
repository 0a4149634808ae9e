/**
 * The dashboard on a replayed capture, from the file to the pixels: what tshark counts is what the API says, what the API
 * says is what the pages show, in both themes and at three widths. SCREENSHOTS=FOLDER keeps a picture of each.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type {
  Accounting,
  AlertPage,
  DeviceDetail,
  DevicePage,
  Flow,
  FlowPage,
  PacketDetail,
  Stats,
  Topology,
} from '../../src/api/contract.ts';
import { formatBytes, formatCount } from '../../src/dashboard/text/units.ts';
import { readCapture } from '../fixtures/read-capture.ts';
import { TSHARK_PRESENT } from '../fixtures/tshark.ts';
import { accessibility, launchBrowser, overflow, settled, THEMES, WIDTHS, Witness } from '../support/dashboard-browser.ts';
import { writeHousehold } from '../support/household-capture.ts';
import { ServeRun } from '../support/serve-run.ts';
import { smallPng } from '../support/small-png.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';
import { flowConversations, tsharkCounts } from '../support/tshark-conversations.ts';

const GUEST = '02:00:5e:10:00:66';
const PACKET = 40;

const folder = new TemporaryFolder('end-to-end');
const capture = folder.file('household.pcap');
let run: ServeRun;
let browser: Browser;
let page: Page;
let witness: Witness;

beforeAll(async () => {
  writeHousehold(capture);
  run = await ServeRun.start(['--replay', 'household.pcap'], { cwd: folder.path });
  await run.ended();
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', timezoneId: 'UTC' });
  witness = new Witness(page, run.url);
});

afterAll(async () => {
  await browser?.close();
  await run?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const testId = (id: string) => page.locator(`[data-testid=${id}]`);
const figure = async (id: string) => Number(await testId(id).first().getAttribute('data-value'));
const keys = (id: string): Promise<(string | null)[]> => testId(id).evaluateAll((rows) => rows.map((row) => row.getAttribute('data-key')));
const open = (address: string) => page.goto(`${run.url}/#${address}`);

async function everyFlow(): Promise<Flow[]> {
  const flows: Flow[] = [];
  let cursor: string | null = null;
  do {
    const answer: FlowPage = await run.get(`/flows?limit=200${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
    flows.push(...answer.flows);
    cursor = answer.next;
  } while (cursor !== null);
  return flows;
}

/** The value of a fact, as a drawer shows it. */
const fact = (root: string, name: string): Promise<string | null> =>
  page
    .locator(`${root} .fact`, { has: page.locator(`dt:text-is("${name}")`) })
    .first()
    .locator('dd')
    .textContent();

describe('the API', () => {
  it.skipIf(!TSHARK_PRESENT)('says of the capture what tshark counts in it', async () => {
    const counted = tsharkCounts(capture);
    const { stages } = await run.get<Accounting>('/accounting');
    expect(stages.source).toMatchObject({ frames_read: counted.frames, wire_bytes: counted.bytes });
    const stats = await run.get<Stats>('/stats');
    expect(stats).toMatchObject({ packets_total: counted.ipFrames, bytes_total: counted.ipBytes });
    const flows = await everyFlow();
    expect(flowConversations(flows)).toEqual(counted.conversations);
    const { flows_created, outer_flows_created } = stages.flow as Record<string, number>;
    expect([flows.length, stats.flows.created]).toEqual([flows_created + outer_flows_created, flows_created]);
    expect(Object.values(stats.protocols).reduce((sum, { packets }) => sum + packets, 0)).toBe(counted.ipFrames);
  });
});

describe('the pages show what the API says', () => {
  beforeEach(() => page.setViewportSize({ width: 1440, height: 900 }));

  it('overview', async () => {
    const stats = await run.get<Stats>('/stats');
    await open('/');
    await testId('talker-row').first().waitFor();
    const shown = {
      packets_total: await figure('stat-packets-total'),
      bytes_total: await figure('stat-bytes-total'),
      created: await figure('stat-flows-created'),
      live: await figure('stat-flows-live'),
      devices: await figure('stat-devices'),
      alerts: await figure('stat-alerts'),
    };
    const { packets_total, bytes_total, flows, devices, alerts } = stats;
    expect(shown).toEqual({ packets_total, bytes_total, created: flows.created, live: flows.live, devices, alerts: alerts.total });
    const most = Object.entries(stats.protocols)
      .sort(([, a], [, b]) => b.bytes - a.bytes)
      .slice(0, 5);
    expect((await keys('protocol-row')).slice(0, 5)).toEqual(most.map(([name]) => name));
    const largest = await run.get<FlowPage>('/flows?state=ended&sort=bytes&order=desc&limit=10');
    expect(await keys('talker-row')).toEqual(largest.flows.map(({ flow_id }) => flow_id));
    await testId('alert-row').first().waitFor();
    expect(await testId('ledger-state').textContent()).toContain('identities hold');
    expect(Number(await testId('chart-throughput').getAttribute('data-points'))).toBeGreaterThan(50);
  });

  it('devices, and one of them', async () => {
    const { devices } = await run.get<DevicePage>('/devices?sort=bytes&order=desc&limit=100');
    await open('/devices');
    await testId('device-row').first().waitFor();
    expect(await keys('device-row')).toEqual(devices.map(({ mac }) => mac));
    const texts = await testId('device-row').allInnerTexts();
    devices.forEach((device, index) => {
      const { hostname, bytes_in, bytes_out, flows } = device;
      for (const part of [hostname ?? device.mac, formatBytes(bytes_in + bytes_out), formatCount(flows)])
        expect(texts[index]).toContain(part);
    });
    const device = await run.get<DeviceDetail>(`/devices/${GUEST}`);
    await page.locator(`[data-key="${GUEST}"] a`).first().click();
    await testId('device-flow-row').first().waitFor();
    expect(await testId('device-name').textContent()).toBe('unknown-guest');
    expect(await fact('[data-testid=page-device]', 'Received')).toBe(
      `${formatBytes(device.bytes_in)}, ${formatCount(device.packets_in)} packets`,
    );
    expect(await testId('device-address-row').allInnerTexts()).toEqual([expect.stringContaining('192.168.1.66')]);
    const { flows } = await run.get<FlowPage>(`/devices/${GUEST}/flows?sort=last_seen&order=desc&limit=100`);
    expect(await keys('device-flow-row')).toEqual(flows.map(({ flow_id }) => flow_id));
    expect(flows.length).toBe(device.flows);
  });

  it('flows, and one of them with its packets', async () => {
    const { flows } = await run.get<FlowPage>('/flows?state=ended&sort=bytes&order=desc&limit=200');
    await open('/flows?sort=bytes');
    await testId('flow-row').first().waitFor();
    expect(await figure('flow-total')).toBe(200);
    const drawn = await keys('flow-row');
    expect(drawn).toEqual(flows.slice(0, drawn.length).map(({ flow_id }) => flow_id));
    await testId('flow-row').nth(1).locator('a').first().click();
    await testId('flow-pcap').waitFor();
    const [, flow] = flows;
    const drawer = '[data-testid=flow-drawer]';
    expect(await fact(drawer, 'Packets')).toBe(formatCount(flow.packets));
    expect(await fact(drawer, 'Bytes')).toBe(formatBytes(flow.bytes));
    expect(await fact(drawer, 'Community ID')).toBe(flow.community_id);
    const response = await page.request.get(`${run.url}${await testId('flow-pcap').getAttribute('href')}`);
    expect([response.status(), response.headers()['x-weir-packets']]).toEqual([200, String(flow.packets)]);
    await page.keyboard.press('Escape');
    await page.getByRole('searchbox', { name: 'Application' }).fill('dns');
    const dns = await run.get<FlowPage>('/flows?state=ended&app=dns&limit=200');
    await expect.poll(() => figure('flow-total')).toBe(dns.flows.length);
  });

  it('alerts, and one of them with its flows', async () => {
    const { alerts } = await run.get<AlertPage>('/alerts');
    expect(alerts.map(({ kind }) => kind)).toContain('vertical_scan');
    await open('/alerts');
    await testId('alert-row').first().waitFor();
    expect(new Set(await keys('alert-row'))).toEqual(new Set(alerts.map(({ alert_id }) => alert_id)));
    const scan = alerts.find(({ kind }) => kind === 'vertical_scan');
    await page.locator(`[data-key="${scan?.alert_id}"] a`).click();
    await page.locator('.alert-text').waitFor();
    expect(await page.locator('.alert-text').textContent()).toBe(scan?.description);
    await page.locator('.flow-links a').first().click();
    await testId('flow-row').first().waitFor();
    const { flows } = await run.get<FlowPage>(`/flows?community_id=${encodeURIComponent(scan?.flows[0] ?? '')}`);
    expect(await keys('flow-row')).toEqual(flows.map(({ flow_id }) => flow_id));
  });

  it('topology', async () => {
    const { nodes, links } = await run.get<Topology>('/topology');
    await open('/topology');
    await page.waitForSelector(`[data-testid=topology-canvas][data-nodes="${nodes.length}"]`);
    expect(await testId('topology-canvas').getAttribute('data-links')).toBe(String(links.length));
    const groups = Map.groupBy(nodes, ({ group }) => group);
    const legend = await testId('legend-row').allInnerTexts();
    for (const [group, members] of groups)
      expect(legend.map((text) => text.replace(/\s+/g, ' ').trim())).toContain(`${group} ${members.length}`);
  });

  it('packets, and the bytes of one of them', async () => {
    const { frames } = readCapture(capture);
    await open(`/packets?packet=${PACKET}`);
    await testId('packet-hex').waitFor();
    await testId('packet-row').first().waitFor();
    expect((await keys('packet-row'))[0]).toBe(String(frames.length));
    const packet = await run.get<PacketDetail>(`/packets/${PACKET}`);
    const layers = await testId('packet-layers').textContent();
    for (const { name, fields } of packet.layers)
      for (const part of [name, ...fields.map(({ value }) => value)]) expect(layers).toContain(part);
    const digits = [...((await testId('packet-hex').textContent()) ?? '').matchAll(/^[0-9a-f]{4} {2}([0-9a-f ]{48})/gm)]
      .map(([, hex]) => hex)
      .join('');
    expect(digits.replaceAll(' ', '')).toBe(Buffer.from(frames[PACKET - 1].bytes.subarray(0, packet.captured)).toString('hex'));
  });

  it('capture health', async () => {
    const { identities } = await run.get<Accounting>('/accounting');
    await open('/health');
    await testId('identity-row').first().waitFor();
    const holds = await testId('identity-row').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-holds')));
    expect(holds).toEqual(identities.map((identity) => String(identity.holds)));
    expect(new Set(holds)).toEqual(new Set(['true']));
    expect((await testId('health-status').textContent())?.trim()).toBe('Up');
    await page.getByText('Settings in force').waitFor();
  });
});

/** What shows that the page has come with its answers. */
const pages: [name: string, address: () => Promise<string>, sign: string][] = [
  ['overview', async () => '/', '[data-testid=talker-row] >> nth=5'],
  ['devices', async () => '/devices', '[data-testid=device-row] >> nth=9'],
  ['device', async () => `/devices/${GUEST}`, '[data-testid=device-flow-row] >> nth=5'],
  ['flows', async () => '/flows', '[data-testid=flow-row] >> nth=5'],
  [
    'flow',
    async () => `/flows?flow=${(await run.get<FlowPage>('/flows?app=http&sort=bytes&limit=1')).flows[0].flow_id}`,
    '[data-testid=flow-pcap]',
  ],
  ['alerts', async () => '/alerts', '[data-testid=alert-row]'],
  [
    'alert',
    async () => `/alerts?alert=${(await run.get<AlertPage>('/alerts?limit=1')).alerts[0].alert_id}`,
    '[data-testid=alert-acknowledge]',
  ],
  ['topology', async () => '/topology', '[data-testid=topology-canvas][data-settled=true]'],
  ['packets', async () => '/packets', '[data-testid=packet-row] >> nth=5'],
  ['packet', async () => `/packets?packet=${PACKET}`, '[data-testid=packet-hex]'],
  ['health', async () => '/health', '[data-testid=identity-row] >> nth=5'],
];

it.each(pages)('%s is quiet, in its window and accessible in both themes and at three widths', async (name, address, sign) => {
  await page.setViewportSize({ width: WIDTHS[0], height: 900 });
  await page.mouse.move(0, 0);
  await open(await address());
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    await page.waitForSelector(sign, { timeout: 20_000 });
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme });
      await page.waitForSelector(`html[data-mantine-color-scheme=${theme}]`);
      await settled(page);
      expect([name, theme, width, await overflow(page)]).toEqual([name, theme, width, []]);
      const what = theme === THEMES[0] ? 'everything' : 'colours';
      expect([name, theme, width, await accessibility(page, what)]).toEqual([name, theme, width, []]);
      await keepPicture(name, theme, width);
    }
  }
  expect(witness.complaints).toEqual([]);
});

async function keepPicture(name: string, theme: string, width: number): Promise<void> {
  if (process.env.SCREENSHOTS === undefined) return;
  mkdirSync(process.env.SCREENSHOTS, { recursive: true });
  // The name of this machine belongs into no picture.
  await page.evaluate(`document.querySelector('.sensor .name').textContent = 'gateway'`);
  writeFileSync(join(process.env.SCREENSHOTS, `${name}-${theme}-${width}.png`), smallPng(await page.screenshot()));
}
