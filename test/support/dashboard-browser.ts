/** A browser for the dashboard, and what must be true of every page of it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';

export const WIDTHS = [360, 768, 1440] as const;
export const THEMES = ['light', 'dark'] as const;

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--headless=new',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** What a page said and asked for that it should not have. */
export class Witness {
  readonly complaints: string[] = [];

  constructor(page: Page, origin: string) {
    page.on('console', (message) => {
      // A refused answer is logged by the browser itself; the pages show it, and the tests look for that.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(origin) && !url.startsWith('data:') && !url.startsWith('blob:')) this.complaints.push(`asked ${url}`);
    });
  }
}

/** Elements that reach beyond the right edge, when the page scrolls sideways. */
export async function overflow(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const far = [...document.querySelectorAll('body *')].filter((element) => element.getBoundingClientRect().right > width + 1);
    return ['scrolls to ' + document.documentElement.scrollWidth + ' of ' + width, ...far.slice(0, 5).map((element) => element.outerHTML.slice(0, 120))];
  })()`);
}

interface AxeResult {
  violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
}

/** What depends on the colours of a page; all else is the same in every theme. */
const COLOUR_RULES = ['color-contrast', 'link-in-text-block'];

/** Serious and critical findings, one line each; `colours` alone where the rest of the same page has been looked at. */
export async function accessibility(page: Page, what: 'everything' | 'colours' = 'everything'): Promise<string[]> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axeSource);
  const options = { resultTypes: ['violations'], ...(what === 'colours' && { runOnly: { type: 'rule', values: COLOUR_RULES } }) };
  const result: AxeResult = await page.evaluate(`window.axe.run(document, ${JSON.stringify(options)})`);
  return result.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary.slice(0, 200)}`));
}

/** Until nothing moves, for several frames: drawers slide in, colours change in steps, and half-transparent text has no contrast yet. */
export async function settled(page: Page): Promise<void> {
  await page.evaluate(`new Promise((resolve) => {
    const moves = ({ playState, effect }) => playState === 'running' && effect.getComputedTiming().endTime !== Infinity;
    let still = 0;
    const look = () => {
      still = document.getAnimations().some(moves) ? 0 : still + 1;
      if (still > 6) resolve();
      else requestAnimationFrame(look);
    };
    look();
  })`);
}
