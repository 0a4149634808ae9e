/** Every page, in both themes and at three widths: quiet, self-contained, within its window, accessible, and not fooled by names. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { macOf } from '../support/dashboard-answers.ts';
import { accessibility, buildDashboard, launchBrowser, overflow, THEMES, WIDTHS, Witness } from '../support/dashboard-browser.ts';
import { DashboardServer } from '../support/dashboard-server.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const folder = new TemporaryFolder('dashboard');
let server: DashboardServer;
let origin: string;
let browser: Browser;

beforeAll(async () => {
  buildDashboard(folder.file('built'));
  server = new DashboardServer(folder.file('built'));
  origin = await server.start();
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await server?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

/** What shows that the page has come with its answers. */
const pages: [name: string, address: string, sign: string][] = [
  ['overview', '/', '[data-testid=talker-row] >> nth=5'],
  ['devices', '/devices', '[data-testid=device-row] >> nth=50'],
  ['device', `/devices/${macOf(1)}`, '[data-testid=device-flow-row] >> nth=5'],
  ['flows-live', '/flows', '[data-testid=flow-row] >> nth=5'],
  ['flows-history', '/flows?state=ended', '[data-testid=flow-row] >> nth=5'],
  ['flow', '/flows?flow=f000000000000002', '[data-testid=flow-pcap]'],
  ['alerts', '/alerts', '[data-testid=alert-row] >> nth=5'],
  ['alert', '/alerts?alert=a3', 'text=Take it back'],
  ['topology', '/topology', '[data-testid=topology-canvas][data-nodes="300"][data-settled]'],
  ['packets', '/packets', '[data-testid=packet-row] >> nth=5'],
  ['packet', '/packets?packet=4990', '[data-testid=packet-hex]'],
  ['health', '/health', '[data-testid=identity-row] >> nth=2'],
  ['none', '/nowhere', '[data-testid=page-none]'],
];

describe.each(THEMES)('in the %s theme', (theme) => {
  describe.each(WIDTHS)('at %i pixels', (width) => {
    let page: Page;
    let witness: Witness;
    beforeAll(async () => {
      page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: theme, reducedMotion: 'reduce' });
      witness = new Witness(page, origin);
    });
    afterAll(() => page.close());

    it.each(pages)('%s', async (name, address, sign) => {
      await page.goto(`${origin}/#${address}`);
      await page.waitForSelector(sign);
      // Drawers slide in; half-transparent text has no contrast yet.
      await page.waitForTimeout(300);
      expect(await overflow(page)).toEqual([]);
      expect(await accessibility(page)).toEqual([]);
      expect(await page.evaluate('window.pwned')).toBeUndefined();
      if (process.env.SCREENSHOTS !== undefined) {
        mkdirSync(process.env.SCREENSHOTS, { recursive: true });
        await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}-${theme}-${width}.png`) });
      }
      expect(witness.complaints).toEqual([]);
    });
  });
});

it('is readable on a wall: the root grows, and nothing reaches beyond', async () => {
  const page = await browser.newPage({ viewport: { width: 2560, height: 1440 } });
  await page.goto(origin);
  await page.waitForSelector('[data-testid=talker-row]');
  expect(await page.evaluate('getComputedStyle(document.documentElement).fontSize')).toBe('20px');
  expect(await overflow(page)).toEqual([]);
  await page.close();
});

it('can see what it looks for: a page that scrolls sideways, a script that runs, a request to elsewhere', async () => {
  const page = await browser.newPage({ viewport: { width: 360, height: 700 } });
  const witness = new Witness(page, origin);
  await page.goto(
    'data:text/html,<html><body><div style="width:900px">wide</div><img src="http://198.51.100.1/x"><script>window.pwned=1;throw new Error("loud")</script><button></button></body></html>',
  );
  expect(await overflow(page)).not.toEqual([]);
  expect((await accessibility(page)).join()).toContain('button-name');
  expect(await page.evaluate('window.pwned')).toBe(1);
  expect(witness.complaints.join()).toMatch(/asked http:\/\/198\.51\.100\.1\/x/);
  expect(witness.complaints.join()).toMatch(/loud/);
  await page.close();
});
