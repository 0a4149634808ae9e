/** Names from the network that are script, from the wire to a real browser: shown as the text that they are, wherever they are shown. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DevicePage, FlowDetail, FlowPage, PacketPage } from '../../src/api/contract.ts';
import { launchBrowser, Witness } from '../support/dashboard-browser.ts';
import { HOSTILE, scriptOf, writeHostile } from '../support/hostile-capture.ts';
import { ServeRun } from '../support/serve-run.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const folder = new TemporaryFolder('names');
let run: ServeRun;
let browser: Browser;
let page: Page;
let witness: Witness;

beforeAll(async () => {
  const capture = folder.file('hostile.pcap');
  writeHostile(capture);
  run = await ServeRun.start(['--replay', capture]);
  await run.ended();
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce' });
  witness = new Witness(page, run.url);
  page.on('dialog', (dialog) => {
    witness.complaints.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
});

afterAll(async () => {
  await browser?.close();
  await run?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const ids = ['mdns', 'txt', 'model', 'ssdp', 'dhcp', 'sni', 'http', 'agent'];

/** What only markup could have brought about. */
async function harm(): Promise<string[]> {
  const found: string[] = await page.evaluate(`(() => {
    const found = ${JSON.stringify(ids)}.filter((id) => document.getElementById(id) !== null);
    if (window.pwned !== undefined) found.push('script ran');
    for (const image of document.images) found.push(image.outerHTML);
    return found;
  })()`);
  return [...found, ...witness.complaints];
}

/** What people can read on the page. */
const visible = async (): Promise<string> => (await page.locator('body').allInnerTexts()).join('\n');

async function shows(address: string, sign: string): Promise<string> {
  await page.goto(`${run.url}/#${address}`);
  await page.waitForSelector(sign);
  expect([address, await harm()]).toEqual([address, []]);
  return visible();
}

const devicePath = (mac: string): string => `/devices/${encodeURIComponent(mac)}`;

const placesOf: [where: string, app: string, id: string][] = [
  ['mDNS name', 'mdns', 'mdns'],
  ['DHCP host name', 'dhcp', 'dhcp'],
  ['SNI', 'tls', 'sni'],
  ['HTTP Host', 'http', 'http'],
  ['HTTP User-Agent', 'http', 'agent'],
  ['SSDP server', 'ssdp', 'ssdp'],
];

it.each(placesOf)('a script as %s is text in the flow that carried it', async (_where, app, id) => {
  const { flows } = await run.get<FlowPage>(`/flows?app=${app}`);
  const flow = await run.get<FlowDetail>(`/flows/${flows[0].flow_id}`);
  expect(JSON.stringify(flow.record)).toContain(scriptOf(id));
  const text = await shows(`/flows?state=ended&flow=${flow.flow_id}`, '[data-testid=flow-pcap]');
  expect(text).toContain(scriptOf(id));
});

it('the list of flows shows the host names as text', async () => {
  const text = await shows('/flows?state=ended', '[data-testid=flow-row] >> nth=4');
  for (const id of ['http', 'dhcp']) expect(text).toContain(scriptOf(id));
});

it('devices show the names that they gave themselves, their model and their browser as text', async () => {
  const { devices } = await run.get<DevicePage>('/devices');
  const nameOf = (mac: string) => devices.find((device) => device.mac === mac)?.hostname;
  expect([nameOf(HOSTILE.attacker.mac), nameOf(HOSTILE.announcer.mac)]).toEqual([scriptOf('dhcp'), scriptOf('mdns')]);
  const list = await shows('/devices', '[data-testid=device-row] >> nth=2');
  for (const id of ['dhcp', 'mdns']) expect(list).toContain(scriptOf(id));
  const attacker = await shows(devicePath(HOSTILE.attacker.mac), '[data-testid=device-flow-row]');
  for (const id of ['dhcp', 'agent']) expect(attacker).toContain(scriptOf(id));
  const announcer = await shows(devicePath(HOSTILE.announcer.mac), '[data-testid=device-flow-row]');
  for (const id of ['mdns', 'model']) expect(announcer).toContain(scriptOf(id));
});

it('overview, topology and packets stay what they are', async () => {
  await shows('/', '[data-testid=talker-row]');
  await shows('/topology', '[data-testid=topology-canvas][data-settled=true]');
  await page.locator('label', { hasText: 'Table' }).click();
  await page.getByRole('table', { name: 'Nodes' }).waitFor();
  expect(await visible()).toContain(scriptOf('dhcp'));
  expect(await harm()).toEqual([]);
  const { packets } = await run.get<PacketPage>('/packets');
  for (const { ordinal } of packets.filter(({ length }) => length > 100)) {
    const text = await shows(`/packets?packet=${ordinal}`, '[data-testid=packet-hex]');
    expect(text).toContain(`Packet ${ordinal}`);
  }
});

it('would see a name that is taken for markup', async () => {
  await page.evaluate(`document.body.insertAdjacentHTML('beforeend', ${JSON.stringify(scriptOf('dhcp'))})`);
  await page.waitForTimeout(100);
  const found = await harm();
  expect(found).toContain('dhcp');
  // The policy of the server keeps even that from running.
  expect(found).not.toContain('script ran');
});
