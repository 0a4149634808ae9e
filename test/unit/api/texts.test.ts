/** Explanations, CSV cells, MAC addresses, names of series. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Alert } from '../../../src/api/contract.ts';
import { csvOf } from '../../../src/api/csv-page.ts';
import { explain } from '../../../src/api/explain.ts';
import { parseMac } from '../../../src/api/mac-address.ts';
import { parseSeries, seriesName } from '../../../src/api/metric-families.ts';
import { sampleAlert } from '../../support/api-content.ts';

describe('explanations', () => {
  it('say what the rule looks for, what was seen, and the threshold', () => {
    expect(explain(sampleAlert(0), 'One source tries many TCP ports of one host in vain.')).toBe(
      'The rule vertical_scan: One source tries many TCP ports of one host in vain. ' +
        '192.168.1.31 tried 40 ports of 192.168.1.10 within 60 s in vain, 25 are the limit. ' +
        'In this case ports was 40, above the threshold of 25. ' +
        'Also seen: answered 1, mac 02:42:9c:7e:55:04. ' +
        'Settings that took part: failed share 0.8. ' +
        'The rule looks at 60 s of packet time at once. ' +
        'The rule is 90 % sure.',
    );
  });

  it('say how often, and that nobody is to be disturbed', () => {
    const text = explain({ ...sampleAlert(3), suppressed: true, window_secs: 0, observed: {}, threshold: { mode: 'on' } }, null);
    expect(text).toContain('It was found 4 times, which this alert sums up.');
    expect(text).toContain('A suppression covers it');
    expect(text).not.toContain('The rule dns_tunnel');
    expect(text).not.toContain('of packet time');
  });
});

describe('CSV', () => {
  it('has a column per field, nested ones in their place', () => {
    const [header, row] = csvOf(Alert, [sampleAlert(0)]).split('\n');
    expect(header).toContain('alert_id,ts,kind,severity,confidence,source,target,description,observed,threshold,');
    expect(row).toContain('"{""ports"":40,""answered"":1,""mac"":""02:42:9c:7e:55:04""}"');
  });

  it('never begins a cell with what a spreadsheet runs, and every row has as many cells', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (kind, description) => {
        const text = csvOf(Alert, [{ ...sampleAlert(0), kind, description }]).slice(0, -1);
        const cells = [...text.matchAll(/(?:^|[,\n])("(?:[^"]|"")*"|[^",\n]*)/g)].map((match) => match[1]);
        expect(cells).toHaveLength(2 * Object.keys(Alert.properties).length);
        return cells.every((cell) => !/^"?[=+@\t\r]/.test(cell));
      }),
    );
  });
});

describe('MAC addresses', () => {
  it.each([
    ['AABBCC001122', 'aa:bb:cc:00:11:22'],
    ['aa-bb-cc-0-11-22', 'aa:bb:cc:00:11:22'],
    ['aabb.cc00.1122', 'aa:bb:cc:00:11:22'],
    ['aa:bb:cc:00:11', null],
    ['aa:bb-cc:00:11:22', null],
    ['aa:bb:cc:00:11:22:33', null],
    ['gg:bb:cc:00:11:22', null],
    ['', null],
  ])('%s', (text, mac) => {
    expect(parseMac(text)).toBe(mac);
  });
});

describe('names of series', () => {
  it('come back as they were written, whatever the values', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (iface, worker) => {
        expect(parseSeries(seriesName('weir_x_total', { iface, worker }))).toEqual({ name: 'weir_x_total', labels: { iface, worker } });
      }),
    );
  });

  it.each(['', 'a b', 'a{', 'a{b=c}', 'a{b="c}', 'a{B="c"}', '1a'])('%j is none', (text) => {
    expect(parseSeries(text)).toBeNull();
  });
});
