import { describe, expect, it } from 'vitest';
import { BEGIN, END, markdownTables, replaceTables } from '../../../src/config/manual.ts';
import { editDistance, nearest } from '../../../src/config/nearest.ts';
import { SETTINGS } from '../../../src/config/settings.ts';
import { parseSpeed } from '../../../src/config/speed.ts';

describe('nearest', () => {
  it('counts edits', () => {
    expect(editDistance('', 'abc')).toBe(3);
    expect(editDistance('snaplen', 'snalpen')).toBe(1);
    expect(editDistance('kitten', 'sitting')).toBe(3);
  });

  it('suggests what is near, and nothing else', () => {
    expect(nearest('eth1', ['eth0', 'lo', 'wlan0', 'eth10'], 3)).toEqual(['eth0', 'eth10']);
    expect(nearest('inter', ['interface', 'filter'])).toEqual(['interface']);
    expect(nearest('zzzzzz', ['interface', 'filter'])).toEqual([]);
  });
});

describe('speed', () => {
  it.each([
    ['max', { mode: 'max' }],
    ['realtime', { mode: 'time', factor: 1 }],
    ['2x', { mode: 'time', factor: 2 }],
    ['0.5x', { mode: 'time', factor: 0.5 }],
    ['100000pps', { mode: 'rate', pps: 100_000 }],
    ['1e5PPS', { mode: 'rate', pps: 100_000 }],
  ])('%s', (text, speed) => {
    expect(parseSpeed(text)).toEqual(speed);
  });

  it.each(['', 'x', '0x', '-1x', '2', '2 x', 'fast', '0pps', '1e99pps', 'Infinityx'])('refuses %j', (text) => {
    expect(parseSpeed(text)).toBeNull();
  });
});

describe('the manual', () => {
  it('has every setting once, in rows of five cells', () => {
    const rows = markdownTables()
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| flag'));
    expect(rows).toHaveLength(SETTINGS.length);
    for (const row of rows) expect(row.replaceAll('\\|', '').split('|')).toHaveLength(7);
    for (const { env } of SETTINGS) expect(rows.filter((row) => row.includes(`\`${env}\``))).toHaveLength(1);
  });

  it('replaces only what stands between its markers', () => {
    const text = `before\n${BEGIN}\nold\n${END}\nafter\n`;
    const once = replaceTables(text, 'new');
    expect(once).toBe(`before\n${BEGIN}\n\nnew\n${END}\nafter\n`);
    expect(replaceTables(once, 'new')).toBe(once);
    expect(() => replaceTables('nothing', 'new')).toThrow(/missing/);
  });
});
