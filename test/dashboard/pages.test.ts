/** Every page, in both themes and at three widths: quiet, self-contained, within its window, accessible, and not fooled by names. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtDashboard } from '../support/built-dashboard.ts';
import { macOf } from '../support/dashboard-answers.ts';
import { accessibility, launchBrowser, overflow, settled, THEMES, WIDTHS, Witness } from '../support/dashboard-browser.ts';
import { DashboardServer } from '../support/dashboard-server.ts';

let server: DashboardServer;
let origin: string;
let browser: Browser;

beforeAll(async () => {
  server = new DashboardServer(builtDashboard());
  origin = await server.start();
  browser = await launchBrowser();
});

afterAll(async () => {
  await browser?.close();
  await server?.[Symbol.asyncDispose]();
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

describe.each(WIDTHS)('at %i pixels', (width) => {
  /** Pages come in one theme, and then turn into the other; which is first changes from width to width. */
  const themes = WIDTHS.indexOf(width) % 2 === 0 ? THEMES : THEMES.toReversed();
  let page: Page;
  let witness: Witness;
  beforeAll(async () => {
    page = await browser.newPage({ viewport: { width, height: 900 }, reducedMotion: 'reduce' });
    witness = new Witness(page, origin);
  });
  afterAll(() => page.close());

  it.each(pages)(`%s, ${themes.join(' and ')}`, async (name, address, sign) => {
    await page.emulateMedia({ colorScheme: themes[0] });
    await page.goto(`${origin}/#${address}`);
    for (const theme of themes) {
      await page.emulateMedia({ colorScheme: theme });
      await page.waitForSelector(`html[data-mantine-color-scheme=${theme}]`);
      await page.waitForSelector(sign);
      await settled(page);
      expect([theme, await overflow(page)]).toEqual([theme, []]);
      const what = theme === themes[0] ? 'everything' : 'colours';
      expect([theme, await accessibility(page, what)]).toEqual([theme, []]);
      if (process.env.SCREENSHOTS !== undefined) {
        mkdirSync(process.env.SCREENSHOTS, { recursive: true });
        await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}-${theme}-${width}.png`) });
      }
    }
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(witness.complaints).toEqual([]);
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
    'data:text/html,<html><body><div style="width:900px">wide</div><img src="http://198.51.100.1/x"><script>window.pwned=1;throw new Error("loud")</script><button></button><p style="color:lightgrey">pale</p></body></html>',
  );
  expect(await overflow(page)).not.toEqual([]);
  expect((await accessibility(page)).join()).toContain('button-name');
  expect(await accessibility(page, 'colours')).toEqual([expect.stringMatching(/^color-contrast: .*pale/)]);
  expect(await page.evaluate('window.pwned')).toBe(1);
  expect(witness.complaints.join()).toMatch(/asked http:\/\/198\.51\.100\.1\/x/);
  expect(witness.complaints.join()).toMatch(/loud/);
  await page.close();
});
