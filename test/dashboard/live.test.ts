/** What moves: frames, pause, rate, reconnection, alerts that arrive, and what the page says when the sensor does not answer. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { builtDashboard } from '../support/built-dashboard.ts';
import { alert } from '../support/dashboard-answers.ts';
import { launchBrowser, Witness } from '../support/dashboard-browser.ts';
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

async function begin(options: DashboardServerOptions = {}): Promise<void> {
  server = new DashboardServer(built, options);
  origin = await server.start();
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  witness = new Witness(page, origin);
}

afterEach(async () => {
  await page.close();
  await server[Symbol.asyncDispose]();
  expect(witness.complaints).toEqual([]);
});

const testId = (id: string) => page.locator(`[data-testid=${id}]`);
const number = async (id: string) => Number(await testId(id).first().getAttribute('data-value'));
const state = () => testId('live-state').getAttribute('data-state');

async function until(what: () => Promise<boolean>, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await what())) {
    if (Date.now() > end) throw new Error('it did not come');
    await page.waitForTimeout(50);
  }
}

describe('a running sensor', () => {
  beforeEach(async () => {
    await begin();
    await page.goto(origin);
    await testId('stat-packets-total').waitFor();
  });

  it('shows the numbers of its frames, unrounded for tests, and goes on', async () => {
    const first = await number('stat-packets-total');
    expect((first - 1_234_567_890) % 21_000).toBe(0);
    await until(async () => (await number('stat-packets-total')) > first);
    expect(await testId('stat-devices').textContent()).toBe('250');
    expect(await page.getByRole('img', { name: /^Throughput: now [\d.]+ Mbit\/s, at most/ }).count()).toBe(1);
  });

  it('stands still while paused, and then shows the latest', async () => {
    await testId('pause').click();
    const held = await number('stat-packets-total');
    await page.waitForTimeout(1500);
    expect(await number('stat-packets-total')).toBe(held);
    expect(await testId('live-state').textContent()).toContain('Paused');
    await page.keyboard.press('p');
    await until(async () => (await number('stat-packets-total')) > held + 21_000);
  });

  it('shows a frame every 5 seconds when asked to, and remembers that', async () => {
    await testId('rate').selectOption('5');
    const changes: number = await page.evaluate(`new Promise((resolve) => {
      let changes = 0;
      const watch = new MutationObserver(() => changes++);
      watch.observe(document.querySelector('[data-testid=stat-packets-total]'), { attributes: true, attributeFilter: ['data-value'] });
      setTimeout(() => resolve(changes), 6000);
    })`);
    // Each second would be six.
    expect(changes).toBeGreaterThan(0);
    expect(changes).toBeLessThan(4);
    await page.reload();
    await testId('rate').waitFor();
    expect(await testId('rate').inputValue()).toBe('5');
  });

  it('says when the socket is gone, comes back by itself with a new ticket, and shows new frames', async () => {
    const tickets = () => server.requests.filter((line) => line === 'POST /api/v1/ws-ticket').length;
    const asked = tickets();
    server.refusing = true;
    server.dropSockets();
    await until(async () => (await state()) === 'waiting');
    const held = await number('stat-packets-total');
    server.refusing = false;
    await until(async () => (await state()) === 'open', 20_000);
    expect(tickets()).toBeGreaterThan(asked);
    await until(async () => (await number('stat-packets-total')) > held);
    // The browser itself reports the refused handshakes; nothing else may be there.
    witness.complaints.splice(0, Number.POSITIVE_INFINITY, ...witness.complaints.filter((line) => !line.includes('WebSocket')));
  });

  it('subscribes, and counts alerts that arrive', async () => {
    await until(async () => server.messages.length > 0);
    expect(JSON.parse(server.messages[0] ?? '')).toEqual({ type: 'subscribe', topics: ['frame', 'alert', 'device'] });
    server.send({ type: 'alert', is_new: true, alert: alert(0) });
    await until(async () => (await page.getByRole('link', { name: /Alerts 1/ }).count()) === 1);
  });

  it('passes over messages that are no JSON or of no known kind', async () => {
    server.send('not an object');
    server.send({ type: 'surprise' });
    server.send(null);
    const first = await number('stat-packets-total');
    await until(async () => (await number('stat-packets-total')) > first);
  });

  it('measures itself when asked', async () => {
    await page.keyboard.press('m');
    await until(async () => /Render\d+\.\d ms/.test((await testId('performance').textContent()) ?? ''));
    expect(await testId('performance').textContent()).toMatch(/Painted\d+ frames\/sRender\d+\.\d msMessage[\d.]+ kB/);
    await page.keyboard.press('m');
    expect(await testId('performance').count()).toBe(0);
  });

  it('shows what the API says when it fails, keeps the rest, and asks again', async () => {
    server.failing.add('/devices');
    await page.goto(`${origin}/#/devices`);
    await testId('state-error').waitFor();
    expect(await testId('state-error').textContent()).toContain('The store cannot be read.Is the disk full?');
    server.failing.clear();
    await page.getByRole('button', { name: 'Ask again' }).click();
    await testId('device-row').first().waitFor();
  });
});

it('says on every page that there is nothing yet', async () => {
  await begin({ empty: true });
  for (const address of ['/', '/devices', '/flows', '/flows?state=ended', '/alerts', '/topology', '/packets']) {
    await page.goto(`${origin}/#${address}`);
    await testId('state-empty').first().waitFor({ timeout: 5000 });
    expect(await page.locator('h1').count()).toBe(1);
  }
});

it('shows of a run that is over what it left: its largest flows, and history in place of live flows', async () => {
  await begin({ ended: true });
  await page.goto(origin);
  await page.getByRole('heading', { name: 'Largest flows' }).waitFor();
  await testId('talker-row').first().waitFor();
  expect(await testId('live-state').textContent()).toContain('Run ended');
  await page.getByRole('link', { name: 'All flows' }).click();
  await testId('flow-row').first().waitFor();
  expect(server.requests.findLast((line) => line.startsWith('GET /api/v1/flows?'))).toContain('state=ended');
  await page.getByText('Live', { exact: true }).click();
  await expect.poll(() => server.requests.findLast((line) => line.startsWith('GET /api/v1/flows?'))).toContain('state=live');
});

it('goes on painting while 2,000 nodes find their places, also in a browser without a graphics card on a busy machine', async () => {
  await begin({ nodes: 2000 });
  await page.goto(`${origin}/#/topology`);
  await page.waitForSelector('[data-testid=topology-canvas][data-nodes="2000"][data-settled=false]');
  // Settling at once would take longer than this, without a single frame.
  const painted: number = await page.evaluate(`new Promise((resolve) => {
    const begin = performance.now(); let painted = 0;
    const step = () => { painted++; if (performance.now() - begin < 3000) requestAnimationFrame(step); else resolve(painted); };
    requestAnimationFrame(step);
  })`);
  expect(painted).toBeGreaterThan(12);
});
