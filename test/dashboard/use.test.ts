/** What people do: walk by keyboard, search, filter, open, acknowledge, sign in, find a node. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { builtDashboard } from '../support/built-dashboard.ts';
import { accessibility, launchBrowser, overflow, settled, Witness } from '../support/dashboard-browser.ts';
import { DashboardServer, type DashboardServerOptions } from '../support/dashboard-server.ts';

let built: string;
let browser: Browser;
let server: DashboardServer;
let origin: string;
let page: Page;
let witness: Witness;

beforeAll(async () => {
  built = builtDashboard();
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
});

async function open(address: string, options: DashboardServerOptions = {}, width = 1440): Promise<void> {
  server = new DashboardServer(built, options);
  origin = await server.start();
  page = await browser.newPage({ viewport: { width, height: 900 } });
  witness = new Witness(page, origin);
  await page.goto(`${origin}/#${address}`);
}

afterEach(async () => {
  await page.close();
  await server[Symbol.asyncDispose]();
  expect(witness.complaints).toEqual([]);
});

const testId = (id: string) => page.locator(`[data-testid=${id}]`);
const place = (): Promise<string> => page.evaluate('location.hash');
const focused = (): Promise<string> => page.evaluate('document.activeElement.textContent.trim().slice(0, 60)');
const lastRequest = (start: string) => server.requests.findLast((line) => line.startsWith(start)) ?? '';

describe('by keyboard alone', () => {
  it('skips to the page, and goes to every page with two keys', async () => {
    await open('/');
    await testId('stat-bps').waitFor();
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the page');
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('Overview');
    for (const [key, address, title] of [
      ['d', '#/devices', 'Devices'],
      ['f', '#/flows', 'Flows'],
      ['a', '#/alerts', 'Alerts'],
      ['t', '#/topology', 'Topology'],
      ['k', '#/packets', 'Packets'],
      ['h', '#/health', 'Capture health'],
      ['o', '#/', 'Overview'],
    ]) {
      await page.keyboard.press('g');
      await page.keyboard.press(key ?? '');
      await page.getByRole('heading', { level: 1, name: title ?? '' }).waitFor();
      expect(await place()).toBe(address);
      expect(await focused()).toContain(title);
    }
  });

  it('walks a table with the arrows, opens a flow, and closes it with Escape', async () => {
    await open('/flows');
    await testId('flow-row').first().locator('a').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await testId('flow-pcap').waitFor();
    expect(await place()).toBe('#/flows?flow=f000000000000002');
    await page.keyboard.press('Escape');
    await testId('flow-pcap').waitFor({ state: 'detached' });
    expect(await place()).toBe('#/flows');
  });

  it('shows the keys with ?, and lets them be turned off', async () => {
    await open('/');
    await testId('stat-bps').waitFor();
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await settled(page);
    expect(await accessibility(page)).toEqual([]);
    await page.getByRole('switch', { name: 'Single keys act on the page' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor({ state: 'detached' });
    await page.keyboard.press('g');
    await page.keyboard.press('d');
    await page.waitForTimeout(200);
    expect(await place()).not.toContain('devices');
  });

  it('every control that takes the focus shows it', async () => {
    await open('/alerts');
    await testId('alert-row').first().waitFor();
    for (let step = 0; step < 30; step++) {
      await page.keyboard.press('Tab');
      const outline: string = await page.evaluate(
        '(() => { const s = getComputedStyle(document.activeElement); return s.outlineStyle + " " + s.borderColor + " " + s.boxShadow; })()',
      );
      const bare: string = await page.evaluate('document.activeElement === document.body ? "body" : ""');
      if (bare === '') expect(outline).not.toMatch(/^none rgba\(0, 0, 0, 0\) none$/);
    }
  });
});

describe('searching and filtering', () => {
  it('asks the API for devices by text and by order, and reads the next page', async () => {
    await open('/devices');
    await testId('device-row').nth(99).waitFor();
    expect(await testId('device-row').count()).toBe(100);
    await page.getByRole('button', { name: 'Show more' }).click();
    await testId('device-row').nth(150).waitFor();
    expect(lastRequest('GET /api/v1/devices')).toContain('cursor=100');
    await page.getByRole('button', { name: 'Flows' }).click();
    await page.waitForFunction('location.hash.includes("sort=flows")');
    await expect.poll(() => lastRequest('GET /api/v1/devices')).toContain('sort=flows&order=desc');
    await page.keyboard.press('/');
    await page.keyboard.type('host');
    await expect.poll(() => testId('device-row').count()).toBe(1);
    expect(lastRequest('GET /api/v1/devices')).toContain('text=host');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('nobody');
    await page.getByText('No device matches.').waitFor();
  });

  it('filters flows, draws only rows in view, and reads on while scrolling', async () => {
    await open('/flows?state=ended');
    await testId('flow-row').first().waitFor();
    expect(await testId('flow-row').count()).toBeLessThan(60);
    expect(await testId('flow-total').getAttribute('data-value')).toBe('200');
    await page.evaluate('(() => { const s = document.querySelector(".grid-scroll.virtual"); s.scrollTop = s.scrollHeight; })()');
    await expect.poll(() => testId('flow-total').getAttribute('data-value')).toBe('400');
    await page.getByRole('searchbox', { name: 'Port', exact: true }).fill('443');
    await expect.poll(() => lastRequest('GET /api/v1/flows?')).toContain('state=ended&port=443');
    expect(await testId('csv').getAttribute('href')).toContain('port=443');
    expect(await testId('csv').getAttribute('href')).toContain('format=csv');
    await page.getByRole('button', { name: 'Clear' }).click();
    await expect.poll(() => lastRequest('GET /api/v1/flows?')).not.toContain('port');
  });
});

describe('alerts', () => {
  it('are acknowledged with a note by an administrator, and taken back', async () => {
    await open('/alerts?alert=a0');
    await page.getByRole('textbox', { name: 'Note' }).fill('known scanner');
    await testId('alert-acknowledge').click();
    await page.getByText('known scanner').waitFor();
    expect(server.acknowledged.get('a0')).toMatchObject({ note: 'known scanner' });
    await page.getByRole('button', { name: 'Take it back' }).click();
    await page.getByRole('button', { name: 'Acknowledge' }).waitFor();
    expect(lastRequest('DELETE')).toBe('DELETE /api/v1/alerts/a0/acknowledge');
    expect(await testId('alert-evidence').getAttribute('href')).toBe('/api/v1/alerts/a0/pcap');
  });

  it('are only looked at by a viewer', async () => {
    await open('/alerts?alert=a0', { role: 'viewer' });
    await page.getByText('Only an administrator can do that.').waitFor();
    expect(await testId('alert-acknowledge').count()).toBe(0);
  });
});

describe('signing in', () => {
  it('asks for a token, refuses a wrong one, and comes back when the session ends', async () => {
    await open('/devices', { token: 'right' }, 360);
    const token = testId('login-token');
    await token.waitFor();
    expect(await accessibility(page)).toEqual([]);
    expect(await overflow(page)).toEqual([]);
    await token.fill('wrong');
    await testId('login-submit').click();
    await page.getByText('The sensor does not know this token.').waitFor();
    await token.fill('right');
    await page.keyboard.press('Enter');
    await testId('device-row').first().waitFor();
    expect(server.requests.filter((line) => line.includes('right'))).toEqual([]);
    await page.getByRole('button', { name: 'Open the menu' }).click();
    await page.getByRole('button', { name: /Sign out/ }).click();
    await token.waitFor();
  });
});

describe('the topology', () => {
  it('finds, shows, pins and lets go of a node, and lists the same as a table', async () => {
    await open('/topology');
    await page.waitForSelector('[data-testid=topology-canvas][data-nodes="300"]');
    await page.keyboard.press('/');
    await page.keyboard.type('host-77');
    await page.getByRole('button', { name: /^host-77/ }).click();
    await testId('topology-node').waitFor();
    expect(await testId('topology-node').textContent()).toContain('host-77');
    await page.getByRole('button', { name: 'Pin' }).click();
    await page.getByRole('button', { name: 'Let go' }).click();
    expect(await testId('legend-row').count()).toBe(7);
    await page.locator('label', { hasText: 'Table' }).click();
    await page.getByRole('table', { name: 'Nodes' }).waitFor();
    expect(await testId('topology-canvas').isVisible()).toBe(false);
  });

  it('chooses the node under the pointer, and moves the view by drag, wheel and keys', async () => {
    await open('/topology', { nodes: 1 });
    await page.waitForSelector('[data-testid=topology-canvas][data-nodes="1"][data-settled=true]', { timeout: 20_000 });
    const box = (await testId('topology-canvas').boundingBox()) ?? { x: 0, y: 0, width: 0, height: 0 };
    const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    await page.mouse.click(middle.x, middle.y);
    await testId('topology-node').waitFor();
    await page.mouse.click(middle.x - 200, middle.y);
    await testId('topology-node').waitFor({ state: 'detached' });
    await page.mouse.move(middle.x - 200, middle.y);
    await page.mouse.down();
    await page.mouse.move(middle.x - 100, middle.y, { steps: 4 });
    await page.mouse.up();
    await page.mouse.click(middle.x + 100, middle.y);
    await testId('topology-node').waitFor();
  });
});

describe('a packet', () => {
  it('shows its layers and bytes, and says clearly when it is gone', async () => {
    await open('/packets?packet=4990');
    expect(await testId('packet-hex').textContent()).toContain('0010  70 77 7e 85');
    expect(await testId('packet-layers').textContent()).toContain('<script>window.pwned=1</script>');
    await page.goto(`${origin}/#/packets?packet=100`);
    await testId('packet-gone').waitFor();
    expect(await testId('packet-gone').textContent()).toContain('Packet 100 is gone.');
  });
});

it('turns dark and light by the button, and remembers it', async () => {
  await open('/health');
  await testId('identity-row').first().waitFor();
  const scheme = (): Promise<string> => page.evaluate('document.documentElement.dataset.mantineColorScheme');
  expect(await scheme()).toBe('light');
  await testId('theme').click();
  await testId('theme').click();
  expect(await scheme()).toBe('dark');
  await page.reload();
  await testId('identity-row').first().waitFor();
  expect(await scheme()).toBe('dark');
});
